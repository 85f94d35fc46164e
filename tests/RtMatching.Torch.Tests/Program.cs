using RtMatching.Torch.Tests.Measurements;

// The tests' own program: what measures the engine on TorchSharp and its tokenizer.
return args switch
{
    ["tokenizers", ..] => TokenizerRace.Run(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write one of:
          tokenizers [MODEL] [--file TEXTS] [--rounds N]   ours and Microsoft.ML.Tokenizers over the same texts in one run
        """);
    return 2;
}

using RtMatching.Torch.Tests.Measurements;

// The tests' own program: what measures the engine on TorchSharp and its tokenizer.
return args switch
{
    ["speed", ..] => Speed.Run(args[1..]),
    ["memory", ..] => Flatness.Memory(args[1..]),
    ["soak", ..] => Flatness.Soak(args[1..]),
    ["tokenizers", ..] => TokenizerRace.Run(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write one of:
          speed      tokens a second on random weights, k passes beside one, beside the managed engine and Hugging Face transformers
                     [--device cpu|cuda:N] [--precision f32|bf16] [--shape rt-mini|smollm2|0.6b|8b|FOLDER] [--tokens 32,512,2048]
                     [--iterations 1,8] [--rounds N] [--work TOKENS] [--batch TOKENS] [--managed] [--transformers PYTHON]
          memory     whether memory grows over a thousand batches [--batches N] [--shape S] [--device D] [--precision P]
          soak       the same for ten minutes [--minutes N] [--shape S] [--device D] [--precision P]
          tokenizers [MODEL] [--file TEXTS] [--rounds N]   ours and Microsoft.ML.Tokenizers over the same texts in one run
        """);
    return 2;
}

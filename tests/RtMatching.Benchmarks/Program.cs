using RtMatching.Benchmarks;

return (args.FirstOrDefault(), args.Skip(1).ToArray()) switch
{
    ("gemm", var rest) => GemmBenchmark.Run(rest),
    ("forward", var rest) => ForwardBenchmark.Run(rest),
    ("tokenizer", var rest) => TokenizerBenchmark.Run(rest),
    ("refinement", var rest) => RefinementBenchmark.Run(rest),
    ("metaeol", var rest) => MetaEolBenchmark.Run(rest),
    ("stopping", var rest) => StoppingBenchmark.Run(rest),
    ("search", var rest) => await SearchBenchmark.RunAsync(rest),
    ("load", var rest) => await LoadBenchmark.RunAsync(rest),
    ("quality", var rest) => await QualityBenchmark.RunAsync(rest),
    _ => List(),
};

static int List()
{
    Console.WriteLine("""
        dotnet run --project tests/RtMatching.Benchmarks -c Release -- NAME
          gemm       the machine's f32 peak, and our matrix products of several shapes beside it
          forward    a whole forward of the Qwen3-0.6B shape beside both peaks [--tokens N] [--path Vector512|Vector256|Vector128]
          tokenizer  tokens a second on one core [TOKENIZER.json [TEXTS.txt]]
          metaeol    eight prompts with shared heads beside eight separate passes, two models and lengths [MODEL] [--texts N] [--rounds N]
          stopping   a stop rule beside eight passes for every text, on texts of one's own: FILE.jsonl [--model M] [--prompt-eol]
                     [--thousandths T] [--iterations K] [--rounds N]
          search     recall, filters and latency over 100,000 made-up candidates in PostgreSQL [--candidates N] [--queries N] [--keep | --reuse]
          load       a server under a hundred concurrent rankings, alone and while it ingests 10,000 CVs
                     [--clients N] [--cvs N] [--base N] [--words N] [--seconds N]
          quality    precision@10 and AUC on public data, k = 1..8, beside BM25; needs RTMATCH_DATA [--iterations K]
          refinement eight passes beside one on 64 texts as long as CVs, two models [--texts N] [--rounds N] [--iterations K] [--small]
        """);
    return 2;
}

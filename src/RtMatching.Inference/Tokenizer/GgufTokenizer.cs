namespace RtMatching.Inference.Tokenizer;

/// <summary>Builds a byte-level BPE tokenizer from the metadata of a GGUF file.</summary>
/// <remarks>Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Tokenizer".</remarks>
public static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Token types of the format that are matched as written: control and user-defined.</summary>
    private const int Control = 3, UserDefined = 4;

    /// <summary>Marks ids that only fill up the vocabulary; no text may become one.</summary>
    private const int Unused = 5;

    private sealed record Pipeline(PreTokenizer PreTokenizer, bool Compose = false, bool IgnoreMerges = false, bool AddBos = false);

    /// <summary>
    /// What stands behind <c>tokenizer.ggml.pre</c>: the file gives only a name for the normaliser, the pattern and the defaults
    /// that the model's Hugging Face tokenizer has.
    /// </summary>
    private static readonly Dictionary<string, Pipeline> Pipelines = new()
    {
        ["gpt-2"] = new(PreTokenizer.Gpt2),
        ["smollm"] = new(PreTokenizer.SmolLm),
        ["qwen2"] = new(PreTokenizer.Qwen2, Compose: true),
        ["llama-bpe"] = new(PreTokenizer.Llama3, IgnoreMerges: true, AddBos: true),
        ["llama-v3"] = new(PreTokenizer.Llama3, IgnoreMerges: true, AddBos: true),
        ["llama3"] = new(PreTokenizer.Llama3, IgnoreMerges: true, AddBos: true),
    };

    /// <param name="metadata">As <see cref="Weights.GgufFile.Metadata"/> has them: integers are long, arrays long[] or string[].</param>
    /// <param name="source">The file's path, for messages.</param>
    /// <exception cref="InvalidTokenizerException">The metadata contradict themselves, or are of a kind not supported.</exception>
    public static BpeTokenizer Read(IReadOnlyDictionary<string, object> metadata, string source = "GGUF metadata") =>
        new(ReadDefinition(metadata, source));

    /// <summary>What the metadata say, for any tokenizer that can be made of them; not checked yet for contradictions.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    internal static BpeDefinition ReadDefinition(IReadOnlyDictionary<string, object> metadata, string source) =>
        new Reader(metadata, source).Read();

    private sealed class Reader(IReadOnlyDictionary<string, object> metadata, string source)
    {
        public BpeDefinition Read()
        {
            if (Required<string>("model") is var model && model != "gpt2")
                throw Unsupported("model", model, "gpt2 (byte-level BPE)");
            if (!Pipelines.TryGetValue(Required<string>("pre"), out var pipeline))
                throw Unsupported("pre", Required<string>("pre"), string.Join(", ", Pipelines.Keys));
            var (vocabulary, added) = ReadTokens();
            return new BpeDefinition
            {
                Source = source,
                Vocabulary = vocabulary,
                Merges = [.. Required<string[]>("merges").Select(ReadMerge)],
                AddedTokens = added,
                PreTokenizer = pipeline.PreTokenizer,
                Normalization = new(pipeline.Compose, Lowercase: false),
                IgnoreMerges = pipeline.IgnoreMerges,
                AddPrefixSpace = Flag("add_space_prefix", false),
                PrefixIds = Flag("add_bos_token", pipeline.AddBos) ? [Id("bos_token_id")] : [],
                SuffixIds = Flag("add_eos_token", false) ? [Id("eos_token_id")] : [],
            };
        }

        private (Dictionary<string, int> Vocabulary, List<AddedToken> Added) ReadTokens()
        {
            var tokens = Required<string[]>("tokens");
            var types = metadata.TryGetValue(Prefix + "token_type", out var value) ? ReadTypes(value, tokens.Length) : null;
            var vocabulary = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
            var added = new List<AddedToken>();
            for (var id = 0; id < tokens.Length; id++)
            {
                if (types?[id] == Unused)
                    continue;
                if (types?[id] is Control or UserDefined)
                    added.Add(new AddedToken(id, tokens[id]));
                if (!vocabulary.TryAdd(tokens[id], id))
                    throw Invalid("tokens", $"has {DefinitionCheck.Quote(tokens[id])} twice, at {vocabulary[tokens[id]]} and {id}");
            }
            return (vocabulary, added);
        }

        private long[] ReadTypes(object value, int count)
        {
            var types = value switch   // writers differ in the width they choose
            {
                int[] numbers => [.. numbers.Select(number => (long)number)],
                uint[] numbers => [.. numbers.Select(number => (long)number)],
                long[] numbers => numbers,
                _ => throw Invalid("token_type", "is not an array of integers"),
            };
            return types.Length == count ? types : throw Invalid("token_type", $"has {types.Length} entries for {count} tokens");
        }

        private (string Left, string Right) ReadMerge(string merge, int rank) => TokenizerJson.SplitMerge(merge)
            ?? throw Invalid("merges", $"has at {rank} {DefinitionCheck.Quote(merge)}, which is not two tokens with one blank between");

        private T Required<T>(string key)
        {
            if (!metadata.TryGetValue(Prefix + key, out var value))
                throw Invalid(key, "is missing");
            return value is T typed ? typed : throw Invalid(key, $"is of type {value.GetType().Name}, not {typeof(T).Name}");
        }

        private bool Flag(string key, bool absent) => metadata.ContainsKey(Prefix + key) ? Required<bool>(key) : absent;

        private int Id(string key)
        {
            var id = metadata.GetValueOrDefault(Prefix + key) switch
            {
                long number => number,
                ulong number => number <= int.MaxValue ? (long)number : -1,
                null => throw Invalid(key, "is missing, but the tokenizer adds this token to every text"),
                _ => throw Invalid(key, "is not an integer, but names a token"),
            };
            return id is >= 0 and <= int.MaxValue ? (int)id : throw Invalid(key, "is outside of the vocabulary");
        }

        private InvalidTokenizerException Unsupported(string key, string value, string supported) => new(
            $"{source}: {Prefix}{key} is {DefinitionCheck.Quote(value)}, which is not supported; use a model with one of: {supported}.");

        private InvalidTokenizerException Invalid(string key, string what) => new(
            $"{source}: {Prefix}{key} {what}; convert the model to GGUF again, or fetch the file again.");
    }
}

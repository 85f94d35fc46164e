using System.Text.Json;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Reads a byte-level BPE tokenizer from a Hugging Face tokenizer.json.</summary>
/// <remarks>
/// Format: https://huggingface.co/docs/tokenizers (its serialisation). What is not understood is refused by name, never skipped:
/// a tokenizer read half gives wrong ids, and with them silently bad vectors.
/// </remarks>
public static class TokenizerJson
{
    /// <summary>Twice the largest in use; what a file can make the reader allocate is a small multiple of it.</summary>
    private const long LargestFile = 64L << 20;

    private const string Damaged = JsonField.Damaged;

    private const string Compose = "NFC", Lowercase = "Lowercase";

    private const string CutBeforeBytes = "Split with the pattern of Qwen2/Qwen3, Llama-3 or GPT-2, or Digits, followed by ByteLevel";

    private static readonly Dictionary<string, PreTokenizer> KnownPatterns = new()
    {
        [@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"] = PreTokenizer.Gpt2,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] =
            PreTokenizer.Llama3,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] =
            PreTokenizer.Qwen2,
    };

    /// <exception cref="InvalidTokenizerException">The file is damaged, or of a kind not supported.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static BpeTokenizer Read(string path) => new(ReadDefinition(path));

    /// <summary>What the file says, for any tokenizer that can be made of it; not checked yet for contradictions.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    internal static BpeDefinition ReadDefinition(string path)
    {
        var size = new FileInfo(path).Length;
        if (size > LargestFile)
            throw new InvalidTokenizerException($"{path}: {size} bytes are no tokenizer.json, of which at most {LargestFile} are read.");
        try
        {
            using var stream = File.OpenRead(path);
            using var json = JsonDocument.Parse(stream);
            return ReadDefinition(new JsonField(json.RootElement, "", path));
        }
        catch (JsonException e)
        {
            throw new InvalidTokenizerException($"{path}: the file is not well-formed JSON ({e.Message}); fetch it again.", e);
        }
    }

    private static BpeDefinition ReadDefinition(JsonField root)
    {
        var model = ReadModelKind(root.Get("model"));
        var (preTokenizer, prefixSpace) = ReadPreTokenizer(root.Get("pre_tokenizer"));
        var normalizers = ReadNormalizers(root.Find("normalizer"));
        var (prefix, suffix) = ReadPostProcessor(root.Find("post_processor"));
        return new BpeDefinition
        {
            Source = root.File,
            Vocabulary = ReadVocabulary(model.Get("vocab")),
            Merges = [.. model.Items("merges").Select(ReadMerge)],
            AddedTokens = [.. root.Items("added_tokens").Select(ReadAddedToken)],
            Normalization = new(normalizers.Contains(Compose), normalizers.Contains(Lowercase)),
            PreTokenizer = preTokenizer,
            AddPrefixSpace = prefixSpace,
            IgnoreMerges = model.Flag("ignore_merges"),
            UnknownToken = model.Find("unk_token")?.Text(),
            FuseUnknown = model.Flag("fuse_unk"),
            PrefixIds = prefix,
            SuffixIds = suffix,
        };
    }

    private static JsonField ReadModelKind(JsonField model)
    {
        // Files of early versions name no type; theirs have merges.
        if (model.Find("type")?.Text() is { } type && type != "BPE")
            throw model.Get("type").Unsupported($"\"{type}\"", "BPE");
        foreach (var affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Find(affix) is { } field && field.Text().Length > 0)
                throw field.Unsupported($"\"{field.Text()}\"", "none");
        }
        if (model.Flag("byte_fallback"))
            throw model.Get("byte_fallback").Unsupported("true", "false");
        if (model.Find("dropout") is { } dropout && dropout.Value.GetRawText() is not ("0" or "0.0"))
            throw dropout.Unsupported("a random dropout of merges", "null");
        return model;
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField vocabulary)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var member in vocabulary.Members())
        {
            var token = TokenName(member, vocabulary);
            var id = new JsonField(member.Value, $"{vocabulary.Path}[{DefinitionCheck.Quote(token)}]", vocabulary.File).Number();
            if (!ids.TryAdd(token, id))
                throw vocabulary.Refuse($"names the token {DefinitionCheck.Quote(token)} twice", Damaged);
        }
        return ids;
    }

    private static string TokenName(JsonProperty member, JsonField vocabulary)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw vocabulary.Refuse("has a token that is not well-formed Unicode", Damaged);
        }
    }

    /// <summary>A merge is "left right" in older files and ["left", "right"] in newer ones.</summary>
    private static (string Left, string Right) ReadMerge(JsonField merge)
    {
        if (merge.Value.ValueKind != JsonValueKind.Array)
            return SplitMerge(merge.Text()) ?? throw merge.Refuse("is not two tokens with one blank between", Damaged);
        if (merge.Value.GetArrayLength() != 2)
            throw merge.Refuse("is not a pair", Damaged);
        return (new JsonField(merge.Value[0], merge.Path + "[0]", merge.File).Text(),
            new JsonField(merge.Value[1], merge.Path + "[1]", merge.File).Text());
    }

    /// <summary>The two tokens of "left right"; null where it is not of this form.</summary>
    internal static (string Left, string Right)? SplitMerge(string merge)
    {
        var blank = merge.IndexOf(' ');
        return blank <= 0 || blank == merge.Length - 1 || merge.IndexOf(' ', blank + 1) >= 0
            ? null : (merge[..blank], merge[(blank + 1)..]);
    }

    private static AddedToken ReadAddedToken(JsonField token) => new(
        token.Get("id").Number(),
        token.Get("content").Text(),
        token.Flag("single_word"),
        token.Flag("lstrip"),
        token.Flag("rstrip"),
        token.Flag("normalized"));

    /// <summary>Their kinds. A sequence within a sequence is not written by anyone, and would let a file nest without end.</summary>
    private static string[] ReadNormalizers(JsonField? normalizer)
    {
        if (normalizer is not { } field)
            return [];
        string[] kinds = field.Type() == "Sequence" ? [.. field.Items("normalizers").Select(ReadNormalizer)] : [ReadNormalizer(field)];
        return kinds is [] or [_] or [Compose, Lowercase] ? kinds
            : throw field.Unsupported($"the sequence {string.Join(", ", kinds.Take(9))}", $"{Compose}, then {Lowercase}");
    }

    private static string ReadNormalizer(JsonField normalizer) => normalizer.Type() is Compose or Lowercase
        ? normalizer.Type() : throw normalizer.Unsupported($"of type \"{normalizer.Type()}\"", $"{Compose}, {Lowercase} or none");

    private static (PreTokenizer Kind, bool AddPrefixSpace) ReadPreTokenizer(JsonField field)
    {
        if (field.Type() == "ByteLevel")
        {
            return CutsByItself(field) ? (PreTokenizer.Gpt2, field.Flag("add_prefix_space"))
                : throw field.Unsupported("ByteLevel without use_regex and without a Split before it", CutBeforeBytes);
        }
        if (field.Type() != "Sequence")
            throw field.Unsupported($"of type \"{field.Type()}\"", CutBeforeBytes);
        var steps = field.Items("pretokenizers").ToArray();
        if (steps.Length != 2 || steps[1].Type() != "ByteLevel")
            throw field.Unsupported($"a sequence of {string.Join(", ", steps.Take(9).Select(s => s.Type()))}", CutBeforeBytes);
        if (steps[1].Flag("add_prefix_space"))
            throw steps[1].Unsupported("add_prefix_space after another pre-tokenizer", "add_prefix_space: false");
        return (ReadCut(steps[0], CutsByItself(steps[1])), false);
    }

    private static PreTokenizer ReadCut(JsonField step, bool thenGpt2) => (step.Type(), thenGpt2) switch
    {
        ("Split", false) => ReadSplit(step),
        ("Digits", true) when step.Flag("individual_digits") => PreTokenizer.SmolLm,
        _ => throw step.Unsupported($"of type \"{step.Type()}\" before ByteLevel with use_regex: {(thenGpt2 ? "true" : "false")}",
            "Split before use_regex: false, or Digits with individual_digits: true before use_regex: true"),
    };

    private static PreTokenizer ReadSplit(JsonField split)
    {
        // Both keep every match: the patterns leave nothing between two matches.
        if ((split.Get("behavior").Text(), split.Flag("invert")) is not (("Isolated", false) or ("Removed", true)))
            throw split.Get("behavior").Unsupported($"\"{split.Get("behavior").Text()}\"", "Isolated");
        var regex = split.Get("pattern").Find("Regex")
            ?? throw split.Get("pattern").Unsupported("anything but a Regex", CutBeforeBytes);
        return KnownPatterns.TryGetValue(regex.Text(), out var kind)
            ? kind : throw regex.Unsupported(DefinitionCheck.Quote(regex.Text()), "the patterns of Qwen2/Qwen3, Llama-3 and GPT-2");
    }

    private static bool CutsByItself(JsonField byteLevel) => byteLevel.Find("use_regex") is null || byteLevel.Flag("use_regex");

    private static (int[] Prefix, int[] Suffix) ReadPostProcessor(JsonField? processor)
    {
        if (processor is not { } field)
            return ([], []);
        var steps = field.Type() == "Sequence" ? [.. field.Items("processors")] : new[] { field };
        (int[] Prefix, int[] Suffix) added = ([], []);
        foreach (var step in steps)
        {
            switch (step.Type())
            {
                case "ByteLevel": // Only moves offsets, which nobody asks for here.
                    break;
                case "TemplateProcessing" when added is ([], []):
                    added = ReadTemplate(step);
                    break;
                default:
                    throw step.Unsupported($"of type \"{step.Type()}\"", "one TemplateProcessing, and ByteLevel");
            }
        }
        return added;
    }

    private static (int[] Prefix, int[] Suffix) ReadTemplate(JsonField template)
    {
        List<int> prefix = [], suffix = [];
        var textSeen = false;
        foreach (var part in template.Items("single"))
        {
            if (part.Find("SpecialToken") is { } special)
                (textSeen ? suffix : prefix).AddRange(SpecialIds(template, special.Get("id").Text()));
            else if (part.Find("Sequence") is null || textSeen)
                throw part.Refuse("is neither a special token nor the text, once", Damaged);
            else
                textSeen = true;
        }
        return textSeen ? ([.. prefix], [.. suffix])
            : throw template.Refuse("leaves the text out of \"single\"", Damaged);
    }

    private static IEnumerable<int> SpecialIds(JsonField template, string name) =>
        template.Get("special_tokens").Get(name).Items("ids").Select(id => id.Number());
}

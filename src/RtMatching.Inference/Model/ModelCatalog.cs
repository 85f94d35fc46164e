using RtMatching.Inference.Weights;

namespace RtMatching.Inference.Model;

/// <summary>A model as its headers tell it, nothing loaded.</summary>
/// <param name="Name">The folder's or file's name.</param>
/// <param name="Path">What <see cref="LanguageModel.Load"/> takes.</param>
/// <param name="Format"><c>safetensors</c> or <c>gguf</c>.</param>
/// <param name="Bytes">Of the weight files; 0 where they cannot be read.</param>
/// <param name="TensorTypes">The types of its tensors, the one that holds most numbers first, for example <c>Q4_1, Q8_0, F32</c>.</param>
/// <param name="Config">Null where it cannot be read or is of a kind not supported.</param>
/// <param name="Problem">Why the model cannot be loaded; null where the headers raise no objection.</param>
public sealed record ModelDescription(
    string Name, string Path, string Format, bool IsBuiltIn, long Bytes, string TensorTypes, ModelConfig? Config, string? Problem)
{
    /// <summary>What it was made for; null where nobody asked, or it cannot be told.</summary>
    public ModelPurpose? Purpose { get; init; }

    /// <summary>This with its purpose, for which some models' whole tokenizer must be read.</summary>
    public ModelDescription WithPurpose()
    {
        if (Problem is not null) return this;
        try
        {
            return this with { Purpose = ModelPurpose.Read(Path) };
        }
        catch (InvalidModelException exception)
        {
            return this with { Problem = exception.Message };
        }
    }
}

/// <summary>Lists the models at hand: the built-in one and those under a folder of the user's.</summary>
public static class ModelCatalog
{
    /// <summary>Names the folder of models, GGUF files and Hugging Face folders.</summary>
    public const string FolderVariable = "RTMATCH_MODELS";

    /// <param name="folder">Null takes the environment's <see cref="FolderVariable"/>, if set.</param>
    /// <returns>The built-in model first, then the others by name.</returns>
    /// <exception cref="InvalidModelException">The folder does not exist.</exception>
    public static IReadOnlyList<ModelDescription> List(string? folder = null)
    {
        folder ??= Environment.GetEnvironmentVariable(FolderVariable);
        var builtIn = Describe(BuiltInModel.Path);
        if (string.IsNullOrEmpty(folder)) return [builtIn];
        if (!Directory.Exists(folder)) throw new InvalidModelException($"{folder}: there is no such folder of models ({FolderVariable}).");
        return [builtIn, .. ModelFiles.AllIn(folder).Select(Describe)];
    }

    /// <summary>What <see cref="LanguageModel.Load"/> takes for what a user wrote: a path, or the name of a listed model.</summary>
    /// <returns>Null, which is the built-in model, for null and for its name.</returns>
    public static string? Resolve(string? nameOrPath, string? folder = null)
    {
        if (nameOrPath is null || Directory.Exists(nameOrPath) || File.Exists(nameOrPath)) return nameOrPath;
        if (nameOrPath == BuiltInModel.Name) return null;
        folder ??= Environment.GetEnvironmentVariable(FolderVariable);
        if (!Directory.Exists(folder)) return nameOrPath; // Load says what is wrong with it
        return ModelFiles.AllIn(folder).FirstOrDefault(m => m.Name == nameOrPath || ParentName(m) == nameOrPath)?.Path ?? nameOrPath;
    }

    /// <summary>
    /// What <see cref="LanguageModel.Load"/> takes for the name of a listed model, and for nothing else: what comes from the network is never
    /// taken for a path.
    /// </summary>
    /// <returns>Null, which is the built-in model, for null and for its name.</returns>
    /// <exception cref="KeyNotFoundException">None of that name is listed.</exception>
    public static string? PathOf(string? name)
    {
        if (name is null || name == BuiltInModel.Name) return null;
        return List().FirstOrDefault(listed => listed.Name == name)?.Path
            ?? throw new KeyNotFoundException($"There is no model '{name}': GET /v1/models lists those there are.");
    }

    /// <summary>What the headers of a model say; a broken or unsupported model is described with its problem.</summary>
    /// <exception cref="InvalidModelException">There is no model at <paramref name="path"/>.</exception>
    public static ModelDescription Describe(string path) => Describe(ModelFiles.Find(path));

    private static ModelDescription Describe(ModelFiles files)
    {
        var found = new Found();
        if (files.IsGguf) found.ReadGguf(files.Path);
        else found.ReadFolder(files.Path);
        return new ModelDescription(
            files.Name, files.Path, files.IsGguf ? "gguf" : "safetensors", files.Path == BuiltInModel.Path,
            found.Bytes, found.TensorTypes, found.Config, found.Problem);
    }

    private static string? ParentName(ModelFiles files) => files.IsGguf ? Path.GetFileName(Path.GetDirectoryName(files.Path)) : null;

    /// <summary>Filled as far as the files can be read, so that a model that is not supported still shows its size and types.</summary>
    private sealed class Found
    {
        public long Bytes { get; private set; }
        public string TensorTypes { get; private set; } = "";
        public ModelConfig? Config { get; private set; }
        public string? Problem { get; private set; }

        public void ReadGguf(string path) => Try(() =>
        {
            using var file = GgufFile.Open(path);
            Bytes = file.Bytes;
            TensorTypes = ByNumbers(file.Tensors.Select(t => (t.TypeName, Numbers(t.Dimensions))));
            Config = ModelConfigReader.ReadGguf(file);
            using var weights = new GgufWeights(file);
            ExpectedTensors.Check(path, Config, weights.Tensors);
        });

        public void ReadFolder(string path)
        {
            Try(() => Config = ModelConfigReader.ReadJson(Path.Combine(path, ModelConfigReader.FileName)));
            Try(() =>
            {
                using var weights = SafetensorsWeights.Open(path);
                Bytes = weights.Bytes;
                TensorTypes = ByNumbers(weights.Tensors.Values.Select(t => (t.Type.ToString(), Numbers(t.Shape.Select(size => (long)size)))));
                if (Config is not null) ExpectedTensors.Check(path, Config, weights.Tensors);
            });
        }

        /// <summary>Keeps the first problem, the one nearest to the cause.</summary>
        private void Try(Action read)
        {
            try
            {
                read();
            }
            catch (InvalidModelException e)
            {
                Problem ??= e.Message;
            }
        }

        private static double Numbers(IEnumerable<long> shape) => shape.Aggregate(1.0, (product, size) => product * size);

        private static string ByNumbers(IEnumerable<(string Type, double Numbers)> tensors)
            => string.Join(", ", tensors.GroupBy(t => t.Type).OrderByDescending(g => g.Sum(t => t.Numbers)).Select(g => g.Key));
    }
}

namespace RtMatching.Inference.Model;

/// <summary>The model that comes with the program, so that a fresh machine needs no download.</summary>
public static class BuiltInModel
{
    public const string Name = "rt-mini";

    /// <summary>Its folder, beside the program's assemblies.</summary>
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "models", Name);
}

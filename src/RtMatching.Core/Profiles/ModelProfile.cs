using RtMatching.Inference.Model;

namespace RtMatching.Core.Profiles;

/// <summary>
/// What whoever trained a model found best for a task. <c>profiles.json</c> in the model's folder holds it by the profile's name:
/// <c>{"jd2cv": {"iterations": 2, "max_tokens": 512, "later_parts": 0.3}, "sts": {"dimension": 256}}</c>; what is left out is the usual.
/// </summary>
/// <param name="Iterations">k: passes in all.</param>
/// <param name="MaxTokens">That a text may have to be one forward.</param>
/// <param name="LaterParts">See <see cref="TaskProfile.LaterParts"/>.</param>
/// <param name="Dimension">Of the stored vectors.</param>
public sealed record ModelProfile(int? Iterations, int? MaxTokens, double? LaterParts, int? Dimension)
{
    public const string FileName = "profiles.json";

    private static readonly ModelProfile None = new(null, null, null, null);

    /// <param name="folder">Of the model; null, or a file, has none.</param>
    /// <param name="name">A profile's that the file does not know gets what it says of <see cref="TaskProfile.DefaultName"/>.</param>
    /// <exception cref="InvalidModelException">The file is broken, or says what cannot be; the message names the field.</exception>
    public static ModelProfile Read(string? folder, string name)
    {
        if (folder is null || Path.Combine(folder, FileName) is var path && !File.Exists(path)) return None;
        using var document = JsonFields.Parse(path);
        var all = new JsonFields(path, document.RootElement);
        if ((all.Section(name) ?? all.Section(TaskProfile.DefaultName)) is not { } task) return None;
        return new ModelProfile(
            Number(task, "iterations", TaskProfile.MaxIterations), Number(task, "max_tokens", int.MaxValue),
            Share(task, "later_parts"), Number(task, "dimension", DefaultProfiles.MaxDimension));
    }

    private static int? Number(JsonFields task, string field, int most)
    {
        var number = task.OptionalInt(field);
        return number < 1 || number > most
            ? throw new InvalidModelException($"{task.Path}: {field} is {number}; it must be from 1 to {most}. Correct it, or remove the file.")
            : number;
    }

    private static double? Share(JsonFields task, string field)
    {
        var share = task.OptionalDouble(field);
        return share is not (null or >= 0 and <= 1)
            ? throw new InvalidModelException($"{task.Path}: {field} is {share}; it must be from 0 to 1. Correct it, or remove the file.")
            : share;
    }
}

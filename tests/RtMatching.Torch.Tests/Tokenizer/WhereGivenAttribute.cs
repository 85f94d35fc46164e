namespace RtMatching.Torch.Tests.Tokenizer;

/// <summary>A test of files that are not the project's; shown as skipped where the environment names no folder of them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WhereGivenAttribute : FactAttribute
{
    public WhereGivenAttribute(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 }) Skip = $"{variable} names no folder";
    }
}

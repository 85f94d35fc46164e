using System.CommandLine;
using RtMatching.Core.Profiles;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary>What goes into Refined Thought's memory token, as options.</summary>
internal sealed class MemoryOptions
{
    private readonly Option<MemoryHead> _head = new("--memory-head")
    {
        Description = $"Whose attention weighs the memory: {MemoryHead.Form}.",
        HelpName = "mean|N",
        CustomParser = result =>
        {
            if (MemoryHead.Parse(result.Tokens[0].Value) is { } head) return head;
            result.AddError($"--memory-head {result.Tokens[0].Value}: must be {MemoryHead.Form}");
            return default;
        },
    };

    private readonly Option<MemoryStates> _states = States();
    private readonly Option<MemoryOver> _over = WordOption.Of<MemoryOver>("--memory-over", "Positions that the memory is summed over");
    private readonly Option<MemoryScale> _scale = WordOption.Of<MemoryScale>("--memory-scale", "How the memory is scaled before it goes in");
    private readonly Option<string?> _map = new("--memory-map") { Description = "The learned map's file, where it does not lie beside the model.", HelpName = "F" };

    public IEnumerable<Option> All => [_head, _states, _over, _scale, _map];

    public static Option<MemoryStates> States() => WordOption.Of<MemoryStates>("--memory-states", "States that the memory is summed from");

    /// <summary>Those that were given.</summary>
    public MemoryChange Change(ParseResult parsed) => new()
    {
        Head = parsed.Given(_head),
        States = parsed.Given(_states),
        Over = parsed.Given(_over),
        Scale = parsed.Given(_scale),
        Map = parsed.GetValue(_map),
    };
}

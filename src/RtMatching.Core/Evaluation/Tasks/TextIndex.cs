namespace RtMatching.Core.Evaluation;

/// <summary>Gives each distinct text of a task its index. A text that stands on both sides of a sided task is two.</summary>
internal sealed class TextIndex
{
    private readonly Dictionary<TaskText, int> _indexes = [];
    private readonly List<TaskText> _texts = [];

    public IReadOnlyList<TaskText> Texts => _texts;

    public int Of(string text, Profiles.RefinedSide side)
    {
        var entry = new TaskText(text, side);
        if (!_indexes.TryGetValue(entry, out var index))
        {
            _indexes[entry] = index = _texts.Count;
            _texts.Add(entry);
        }

        return index;
    }
}

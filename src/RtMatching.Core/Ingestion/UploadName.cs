namespace RtMatching.Core.Ingestion;

/// <summary>
/// What a client calls a file. It names a document and nothing else, no path is ever made of it; but one that tries to be a path out of
/// its folder, or on some other machine, is a mistake or worse, and refused before it reaches somebody who would follow it.
/// </summary>
internal static class UploadName
{
    /// <summary>With / between folders and nothing empty or <c>.</c> among them.</summary>
    /// <param name="problem">Why it is refused; null where it is taken.</param>
    public static string Normalised(string given, out string? problem)
    {
        var name = given.Replace('\\', '/');
        var segments = name.Split('/');
        var joined = string.Join('/', segments.Where(segment => segment is not ("" or ".")));
        problem = ExternalIds.Problem(name) is not null || joined.Length == 0
            ? $"A file name is given, of at most {ExternalIds.MaxBytes} bytes and without control characters; this one is not."
            : name[0] == '/' || (name.Length > 1 && char.IsAsciiLetter(name[0]) && name[1] == ':')
                ? "The file name is a path from the root or a drive: name it relative to its folder."
                : segments.Contains("..") ? "The file name leads out of its folder: name it without '..'." : null;
        return joined;
    }
}

namespace RtMatching.Cli;

/// <summary>What the process returns; scripts rely on it.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>Finished, but some items are not usable (needs_ocr, empty, encrypted, corrupt, ...).</summary>
    public const int SomeItemsNotUsable = 3;
}

/// <summary>The command line asks for something that cannot be; the message says what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command cannot be done; the message names the thing and the remedy.</summary>
internal sealed class CommandException(string message) : Exception(message);

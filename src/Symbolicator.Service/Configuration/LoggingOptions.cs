namespace Symbolicator.Service.Configuration;

internal enum LogLevelName : byte
{
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

internal enum LogFormat : byte
{
    /// <summary>Pretty on a terminal, else simplified.</summary>
    Auto,
    Pretty,
    Simplified,
    Json,
}

/// <summary>Section <c>logging</c>.</summary>
/// <param name="Level">The least severe level that is written.</param>
/// <param name="Format">JSON goes to standard output, text to standard error.</param>
/// <param name="StackTraces">Writes the stack of unexpected exceptions.</param>
internal sealed record LoggingOptions(
    LogLevelName Level = LogLevelName.Info, LogFormat Format = LogFormat.Auto, bool StackTraces = true)
{
    public static LoggingOptions Read(ConfigSection root)
    {
        var section = root.Section("logging");
        return new LoggingOptions(
            section.Choice(
                "level", LogLevelName.Info, ("off", LogLevelName.Off), ("error", LogLevelName.Error), ("warn", LogLevelName.Warn),
                ("info", LogLevelName.Info), ("debug", LogLevelName.Debug), ("trace", LogLevelName.Trace)),
            section.Choice(
                "format", LogFormat.Auto, ("auto", LogFormat.Auto), ("pretty", LogFormat.Pretty), ("simplified", LogFormat.Simplified),
                ("json", LogFormat.Json)),
            section.Flag("enable_backtraces", true));
    }
}

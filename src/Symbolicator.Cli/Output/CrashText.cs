using System.Globalization;
using Symbolicator.Engine.Contracts;

namespace Symbolicator.Cli.Output;

/// <summary>A crash for people: what happened where, then the threads, the crashed one first.</summary>
internal static class CrashText
{
    public static void Write(LineWriter output, CompletedResponse crash)
    {
        if (crash.Crashed == true)
        {
            output.Write(output.Style.Name).Write(Printable.Of(crash.CrashReason ?? "")).Write(output.Style.Off).EndLine();
        }

        if (crash.SystemInfo is { } system)
        {
            string[] parts = [system.OsName, system.OsVersion, system.OsBuild];
            output.Write(Printable.Of(string.Join(' ', parts.Where(part => part.Length > 0)))).Write(", ")
                .Write(Formats.Model.ArchNames.Name(system.CpuArch)).EndLine();
        }

        if (crash.Timestamp is { } seconds)
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
            output.Write(time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)).Write(" UTC").EndLine();
        }

        foreach (var thread in crash.Stacktraces.OrderByDescending(thread => thread.IsRequesting == true))
        {
            Write(output, thread, thread.IsRequesting != true ? "" : crash.Crashed == true ? " (crashed)" : " (wrote the dump)");
        }

        WriteMissing(output, crash.Modules);
    }

    private static void Write(LineWriter output, SymbolicatedStacktrace thread, string part)
    {
        output.EndLine();
        output.Write($"thread {thread.ThreadId}");
        if (thread.ThreadName is { } name)
        {
            output.Write($" \"{Printable.Of(name)}\"");
        }

        output.Write(part).EndLine();
        for (int i = 0; i < thread.Frames.Count; i++)
        {
            bool inline = i + 1 < thread.Frames.Count && thread.Frames[i + 1].OriginalIndex == thread.Frames[i].OriginalIndex;
            Write(output, thread.Frames[i], inline);
        }
    }

    private static void Write(LineWriter output, SymbolicatedFrame frame, bool inline)
    {
        var style = output.Style;
        output.Write($"{frame.OriginalIndex,3}  ");
        if (frame.Function is { } function)
        {
            output.Write(style.Name).Write(Printable.Of(function)).Write(style.Off);
        }
        else
        {
            string package = frame.Package is { } path ? path[(path.LastIndexOfAny(['/', '\\']) + 1)..] : "?";
            output.Write(style.Address).WriteHex(frame.InstructionAddr).Write(style.Off).Write(" in ").Write(Printable.Of(package));
        }

        if (frame.Filename is { } file)
        {
            string line = frame.Lineno is > 0 and var number ? $":{number}" : "";
            output.Write(" (").Write(style.Place).Write(Printable.Of(file)).Write(line).Write(style.Off).Write(")");
        }

        output.Write(style.Dim).Write(inline ? " [inline]" : $" [{Trust(frame.Trust)}]").Write(style.Off).EndLine();
    }

    /// <summary>Modules that frames lie in but whose files were not found: what to add to get names.</summary>
    private static void WriteMissing(LineWriter output, IReadOnlyList<SymbolicatedModule> modules)
    {
        bool any = false;
        foreach (var module in modules)
        {
            if (module.DebugStatus is ModuleStatus.Found or ModuleStatus.Unused)
            {
                continue;
            }

            if (!any)
            {
                output.EndLine();
                output.Write("modules without symbols").EndLine();
                any = true;
            }

            string id = module.DebugId?.ToString() ?? module.CodeId?.Hex ?? "without id";
            output.Write("     ").Write(Printable.Of(module.CodeFile ?? module.DebugFile ?? "?")).Write($"  {id}  ")
                .Write(Status(module.DebugStatus)).EndLine();
        }
    }

    private static string Trust(FrameTrust trust) => trust switch
    {
        FrameTrust.Context => "context",
        FrameTrust.Cfi => "cfi",
        FrameTrust.FramePointer => "frame pointer",
        FrameTrust.Scan => "scan",
        FrameTrust.CfiScan => "cfi scan",
        FrameTrust.Prewalked => "prewalked",
        _ => "unknown",
    };

    private static string Status(ModuleStatus status) => status switch
    {
        ModuleStatus.Missing => "not found",
        ModuleStatus.Malformed => "damaged",
        ModuleStatus.FetchingFailed => "cannot be read",
        ModuleStatus.Unsupported => "of a kind that is not read",
        ModuleStatus.Timeout => "timed out",
        _ => "failed",
    };
}

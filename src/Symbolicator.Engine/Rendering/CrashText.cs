using System.Globalization;
using Symbolicator.Engine.Contracts;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Rendering;

/// <summary>A crash for people: what happened where, then the threads, the crashed one first, then what is missing.</summary>
public static class CrashText
{
    public static void Write(TextWriter output, Style style, CompletedResponse crash)
    {
        if (crash.Crashed == true)
        {
            output.WriteLine($"{style.Name}{Printable.Of(crash.CrashReason ?? "")}{style.Off}");
        }

        if (crash.SystemInfo is { } system)
        {
            string[] parts = [system.OsName, system.OsVersion, system.OsBuild];
            output.WriteLine($"{Printable.Of(string.Join(' ', parts.Where(part => part.Length > 0)))}, {system.CpuArch.Name()}");
        }

        if (crash.Timestamp is { } seconds)
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
            output.WriteLine($"{time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC");
        }

        foreach (var thread in crash.Stacktraces.OrderByDescending(thread => thread.IsRequesting == true))
        {
            string part = thread.IsRequesting != true ? "" : crash.Crashed == true ? " (crashed)" : " (wrote the dump)";
            Write(output, style, thread, part);
        }

        WriteMissing(output, crash.Modules);
    }

    private static void Write(TextWriter output, Style style, SymbolicatedStacktrace thread, string part)
    {
        string name = thread.ThreadName is { } text ? $" \"{Printable.Of(text)}\"" : "";
        output.WriteLine();
        output.WriteLine($"thread {thread.ThreadId}{name}{part}");
        for (int i = 0; i < thread.Frames.Count; i++)
        {
            bool inline = i + 1 < thread.Frames.Count && thread.Frames[i + 1].OriginalIndex == thread.Frames[i].OriginalIndex;
            Write(output, style, thread.Frames[i], inline);
        }
    }

    private static void Write(TextWriter output, Style style, SymbolicatedFrame frame, bool inline)
    {
        output.Write($"{frame.OriginalIndex,3}  ");
        if (frame.Function is { } function)
        {
            output.Write($"{style.Name}{Printable.Of(function)}{style.Off}");
        }
        else
        {
            output.Write($"{style.Address}0x{frame.InstructionAddr:x}{style.Off} in {Printable.Of(Place(frame))}");
        }

        if (frame.Filename is { } file)
        {
            string line = frame.Lineno is > 0 and var number ? $":{number}" : "";
            output.Write($" ({style.Place}{Printable.Of(file)}{line}{style.Off})");
        }

        output.WriteLine($"{style.Dim}{(inline ? " [inline]" : $" [{Trust(frame.Trust)}]")}{style.Off}");
    }

    /// <summary>The module of a frame without a name; what was there before when there is none now.</summary>
    private static string Place(SymbolicatedFrame frame) => frame switch
    {
        { Package: { } path } => path[(path.LastIndexOfAny(['/', '\\']) + 1)..],
        { UnloadedModules: { } unloaded } =>
            "unloaded " + string.Join(", ", unloaded.Select(hit => $"{hit.Module}@{string.Join('|', hit.Offsets)}")),
        _ => "?",
    };

    /// <summary>What to add to get names, with the reasons where the answer lists the candidates.</summary>
    private static void WriteMissing(TextWriter output, IReadOnlyList<SymbolicatedModule> modules)
    {
        var missing = new List<string>();
        var lacking = new List<string>();
        foreach (var module in modules)
        {
            string? reason = module.DebugStatus == ModuleStatus.Unused ? null : Reason(module);
            string id = module.DebugId?.ToString() ?? module.CodeId?.Hex ?? "without id";
            string line = $"     {module.CodeFile ?? module.DebugFile ?? "?"}  {id}  ";
            if (module.DebugStatus is not (ModuleStatus.Found or ModuleStatus.Unused))
            {
                missing.Add(line + Status(module.DebugStatus) + (reason is null ? "" : $": {reason}"));
            }
            else if (reason is not null)
            {
                lacking.Add(line + reason);
            }
        }

        Write(output, "modules without symbols", missing);
        Write(output, "modules with fewer symbols", lacking);
    }

    private static void Write(TextWriter output, string heading, List<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine(heading);
        foreach (string line in lines)
        {
            output.WriteLine(Printable.Of(line));
        }
    }

    /// <summary>What is the matter with the file that was used, or with the one that says most of why none was.</summary>
    private static string? Reason(SymbolicatedModule module)
    {
        var candidates = module.Candidates ?? [];
        if (module.DebugStatus == ModuleStatus.Found)
        {
            var used = candidates.FirstOrDefault(candidate => candidate.Debug?.Status == UseStatus.Ok);
            return used?.Debug!.Details ?? used?.Download.Details;
        }

        return candidates.FirstOrDefault(candidate => candidate.Debug?.Details is not null)?.Debug!.Details
            ?? candidates.Select(candidate => candidate.Download).Where(download => download is { Details.Length: > 0 })
                .OrderBy(download => download.Status == DownloadStatus.Ok).FirstOrDefault()?.Details;
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

using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Rendering;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Commands;

/// <summary><c>inspect</c>: identity and contents of each object of a file.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File();
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var command = new Command("inspect", "Shows what a file is: format, architecture, ids and contents.") { file, json, arch };
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(arch)));
        return command;
    }

    private static int Run(Terminal terminal, string path, bool json, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        if (SymCacheSource.IsSymCache(file))
        {
            using var cache = SymCacheSource.Open(path, file, arch, terminal);
            Write(output, RowOf(cache.Info), json, further: false);
            return 0;
        }

        Arch? wanted = arch is null ? null : ObjectSelection.ParseArch(arch);
        bool any = false;
        foreach (var item in ObjectSelection.OpenAll(path, file))
        {
            using (item)
            {
                if (wanted is null || ObjectSelection.Matches(item, wanted.Value))
                {
                    Write(output, RowOf(item), json, any);
                    any = true;
                }
            }
        }

        return any ? 0 : throw new CommandException($"{path}: has no object for {arch}");
    }

    private static ObjectRow RowOf(IObjectFile item) => new(
        WireNames.Of(item.Format),
        WireNames.Of(item.Kind),
        item.Arch.Name(),
        item.DebugId?.ToString(),
        item.CodeId?.Hex,
        $"0x{item.ImageBase:x}",
        item.Name,
        item.Features.HasFlag(ObjectFeatures.Symbols),
        item.Features.HasFlag(ObjectFeatures.DebugInfo),
        item.Features.HasFlag(ObjectFeatures.UnwindInfo),
        item.Features.HasFlag(ObjectFeatures.Sources),
        item.IsMalformed)
    {
        Shortcoming = item.Shortcoming.Describe(),
        Faults = item.Faults.IsEmpty ? null : [.. item.Faults.First.Select(fault => fault.ToString())],
    };

    /// <summary>A symcache answers for the file that it was made from.</summary>
    private static ObjectRow RowOf(SymCacheInfo info) => new(
        WireNames.Of(info.Origin),
        WireNames.Of(info.Kind),
        info.Arch.Name(),
        info.DebugId?.ToString(),
        info.CodeId?.Hex,
        $"0x{info.ImageBase:x}",
        info.Name,
        info.Features.HasFlag(ObjectFeatures.Symbols),
        info.Features.HasFlag(ObjectFeatures.DebugInfo),
        info.Features.HasFlag(ObjectFeatures.UnwindInfo),
        info.Features.HasFlag(ObjectFeatures.Sources),
        false);

    private static void Write(LineWriter output, ObjectRow row, bool json, bool further)
    {
        if (json)
        {
            output.WriteJson(row, CliJson.Default.ObjectRow);
            return;
        }

        if (further)
        {
            output.EndLine();
        }

        string contents = string.Join(", ", new[]
        {
            row.HasSymbols ? "symbols" : null,
            row.HasDebugInfo ? "debug information" : null,
            row.HasUnwindInfo ? "unwind information" : null,
            row.HasSources ? "sources" : null,
        }.OfType<string>());
        Field(output, "format", $"{row.Format} {row.Kind}{(row.IsMalformed ? ", damaged" : "")}");
        Field(output, "architecture", row.Arch);
        Field(output, "name", row.Name ?? "-");
        Field(output, "debug id", row.DebugId ?? "-");
        Field(output, "code id", row.CodeId ?? "-");
        Field(output, "load address", row.LoadAddress);
        Field(output, "contents", contents.Length == 0 ? "nothing of use" : contents);
        if (row.Shortcoming is { } shortcoming)
        {
            Field(output, "note", shortcoming);
        }

        foreach (string fault in row.Faults ?? [])
        {
            Field(output, "skipped", fault);
        }
    }

    private static void Field(LineWriter output, string name, string value) =>
        output.Write(output.Style.Dim).Write($"{name,-14}").Write(output.Style.Off).Write(Printable.Of(value)).EndLine();
}

using System.CommandLine;
using System.Text;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Rendering;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Commands;

/// <summary><c>functions</c>: functions of the debug information, ascending by address, one record per address range.</summary>
internal static class FunctionsCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File("Debug file or symcache.");
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var command = new Command("functions", "Lists the functions of the debug information.") { file, json, arch };
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
            foreach (var function in cache.Functions)
            {
                if (function.FromDebugInfo)
                {
                    Write(output, json, RowOf(function, cache.GetFunctionName(function.Id)));
                }
            }

            return 0;
        }

        using var item = ObjectSelection.Open(path, file, arch, terminal);
        var names = new InternPool();
        var entries = Collect(path, item, names);
        entries.Sort();
        foreach (var entry in entries)
        {
            Write(output, json, RowOf(entry, Encoding.UTF8.GetString(names.Get(entry.Name))));
        }

        return 0;
    }

    private static List<Entry> Collect(string path, IObjectFile item, InternPool names)
    {
        var entries = new List<Entry>();
        var buffer = new FunctionBuffer();
        try
        {
            using var session = item.OpenDebugSession(names);
            while (session is not null && session.TryReadNext(buffer))
            {
                if (!buffer.Name.IsNone)
                {
                    foreach (var range in buffer.Ranges)
                    {
                        entries.Add(EntryOf(buffer, range));
                    }
                }
            }
        }
        catch (MalformedFileException e)
        {
            throw new CommandException(FileProblem.Describe(path, e));
        }

        return entries;
    }

    /// <summary>A part of a split function counts the inlined calls that start in it.</summary>
    private static Entry EntryOf(FunctionBuffer buffer, AddressRange range)
    {
        long inlinees = 0;
        int depth = 0;
        foreach (var site in buffer.Inlines)
        {
            for (int i = site.FirstRange; i < site.FirstRange + site.RangeCount; i++)
            {
                if (range.Contains(buffer.InlineRanges[i].Start))
                {
                    inlinees++;
                    depth = Math.Max(depth, site.Depth + 1);
                }
            }
        }

        return new Entry(range.Start, range.Size, buffer.Name, buffer.Language, inlinees, depth);
    }

    private static FunctionRow RowOf(in Entry entry, string name) =>
        new($"0x{entry.Address:x}", entry.Size, name, entry.Language.Name(), entry.Inlinees, entry.Depth);

    private static FunctionRow RowOf(in SymCacheFunction function, string name) => new(
        $"0x{function.Entry:x}", function.Size, name, function.Language.Name(), function.InlineeCount, function.MaxInlineDepth);

    private static void Write(LineWriter output, bool json, FunctionRow row)
    {
        if (json)
        {
            output.WriteJson(row, CliJson.Default.FunctionRow);
            return;
        }

        var style = output.Style;
        output.Write(style.Address).Write($"{row.Addr,-18}").Write(style.Off).Write($"{$"0x{row.Size:x}",10}  ")
            .Write(style.Name).Write(Printable.Of(row.Name)).Write(style.Off);
        if (row.InlineesTotal > 0)
        {
            output.Write(style.Dim).Write($"  {row.InlineesTotal} inlined, {row.MaxDepth} deep").Write(style.Off);
        }

        output.EndLine();
    }

    private readonly record struct Entry(
        ulong Address, ulong Size, StringRef Name, SourceLanguage Language, long Inlinees, int Depth) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            int order = Address.CompareTo(other.Address);
            order = order != 0 ? order : Size.CompareTo(other.Size);
            return order != 0 ? order : Name.Id.CompareTo(other.Name.Id);
        }
    }
}

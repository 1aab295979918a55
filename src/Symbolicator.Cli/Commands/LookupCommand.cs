using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Rendering;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Commands;

/// <summary><c>lookup</c>: the function, file and line of addresses, inlined calls included.</summary>
internal static class LookupCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File("Debug file or symcache.");
        var addresses = Syntax.Addresses();
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var raw = new Option<bool>("--raw") { Description = "One frame a line, tab-separated, names as they are in the file." };
        var command = new Command("lookup", "Tells which function, file and line an address belongs to.") { file, addresses, json, raw, arch };
        command.SetAction(parsed => Run(
            terminal,
            parsed.GetRequiredValue(file),
            parsed.GetValue(addresses) ?? [],
            parsed.GetValue(json) ? Form.Json : parsed.GetValue(raw) ? Form.Raw : Form.People,
            parsed.GetValue(arch)));
        return command;
    }

    private enum Form
    {
        People,
        Raw,
        Json,
    }

    private static int Run(Terminal terminal, string path, string[] addresses, Form form, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        using var cache = SymCacheSource.Open(path, file, arch, terminal);
        var names = new NameCache(cache);
        foreach (ulong address in AddressInput.Read(addresses, terminal, output))
        {
            switch (form)
            {
                case Form.Json:
                    WriteJson(output, cache, names, address);
                    break;
                case Form.Raw:
                    WriteRaw(output, cache, names, address);
                    break;
                default:
                    WriteForPeople(output, cache, names, address);
                    break;
            }
        }

        return 0;
    }

    private static void WriteJson(LineWriter output, SymCacheFile cache, NameCache names, ulong address)
    {
        var frames = new List<FrameRow>();
        foreach (var frame in cache.Lookup(address))
        {
            string function = names.FunctionOf(frame);
            frames.Add(new FrameRow(function, function, names.PathOf(frame), frame.Line, frame.IsInline, frame.Language.Name()));
        }

        output.WriteJson(new LookupRow($"0x{address:x}", frames), CliJson.Default.LookupRow);
    }

    private static void WriteRaw(LineWriter output, SymCacheFile cache, NameCache names, ulong address)
    {
        bool any = false;
        foreach (var frame in cache.Lookup(address))
        {
            any = true;
            output.WriteHex(address).Write("\t").Write(names.FunctionOf(frame)).Write("\t")
                .Write(names.PathOf(frame) ?? "??").Write($":{frame.Line}").EndLine();
        }

        if (!any)
        {
            output.WriteHex(address).Write("\t??\t??:0").EndLine();
        }
    }

    private static void WriteForPeople(LineWriter output, SymCacheFile cache, NameCache names, ulong address)
    {
        var style = output.Style;
        string shown = $"0x{address:x}";
        bool first = true;
        foreach (var frame in cache.Lookup(address))
        {
            output.Write(style.Address).Write(first ? shown : new string(' ', shown.Length)).Write(style.Off).Write("  ")
                .Write(style.Name).Write(Printable.Of(names.FunctionOf(frame))).Write(style.Off).Write(" at ")
                .Write(style.Place).Write(Place(names.PathOf(frame), frame.Line)).Write(style.Off);
            if (frame.IsInline)
            {
                output.Write(style.Dim).Write(" (inlined into)").Write(style.Off);
            }

            output.EndLine();
            first = false;
        }

        if (first)
        {
            output.Write(style.Address).Write(shown).Write(style.Off).Write("  ??").EndLine();
        }
    }

    private static string Place(string? path, uint line) =>
        $"{(path is null ? "??" : Printable.Of(path))}:{(line == 0 ? "?" : line.ToString(System.Globalization.CultureInfo.InvariantCulture))}";

    /// <summary>Texts by id: the frames of one crash repeat.</summary>
    private sealed class NameCache(SymCacheFile cache)
    {
        // Enough for a crash; a run over a whole image must not keep every name.
        private const int Kept = 4096;

        private readonly Dictionary<int, string> _functions = [];
        private readonly Dictionary<int, string?> _paths = [];

        public string FunctionOf(in SourceFrame frame)
        {
            if (!_functions.TryGetValue(frame.FunctionId, out string? name))
            {
                name = cache.GetFunctionName(frame.FunctionId);
                Trim(_functions);
                _functions.Add(frame.FunctionId, name);
            }

            return name;
        }

        public string? PathOf(in SourceFrame frame)
        {
            if (!_paths.TryGetValue(frame.FileId, out string? path))
            {
                path = cache.GetPath(frame.FileId);
                Trim(_paths);
                _paths.Add(frame.FileId, path);
            }

            return path;
        }

        private static void Trim<T>(Dictionary<int, T> texts)
        {
            if (texts.Count == Kept)
            {
                texts.Clear();
            }
        }
    }
}

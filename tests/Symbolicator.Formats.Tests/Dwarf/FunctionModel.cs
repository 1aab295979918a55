using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Tests.Dwarf;

/// <summary>All functions of a session in memory, with a lookup that is plain rather than fast.</summary>
internal sealed class FunctionModel
{
    private readonly InternPool _names = new();

    public List<Function> Functions { get; } = [];

    public FunctionModel(Func<InternPool, IDebugSession> open)
    {
        using var session = open(_names);
        var buffer = new FunctionBuffer();
        while (session.TryReadNext(buffer))
        {
            Functions.Add(new Function(
                Text(buffer.Name), buffer.Language, [.. buffer.Ranges], [.. buffer.Lines], [.. buffer.Inlines], [.. buffer.InlineRanges]));
        }
    }

    public IEnumerable<Function> Named => Functions.Where(f => f.Name.Length > 0);

    public Function this[string name] => Functions.Single(f => f.Name == name);

    /// <summary>Frames at an address, innermost first, as FUNCTION|FILE|LINE.</summary>
    public string[] Lookup(ulong address)
    {
        var function = Functions.FirstOrDefault(f => f.Name.Length > 0 && f.Ranges.Any(r => r.Contains(address)))
            ?? Functions.FirstOrDefault(f => f.Ranges.Any(r => r.Contains(address)));
        if (function is null)
        {
            return [];
        }

        var chain = new List<InlineSite>();
        foreach (var site in function.Inlines)
        {
            if (site.Depth == chain.Count && RangesOf(function, site).Any(r => r.Contains(address)))
            {
                chain.Add(site);
            }
        }

        string place = function.Lines.LastOrDefault(l => l.Address <= address) is var row ? Place(row.File, row.Line) : "";
        var frames = new List<string>();
        for (int i = chain.Count - 1; i >= 0; i--)
        {
            frames.Add($"{Text(chain[i].Function)}|{place}");
            place = Place(chain[i].CallFile, chain[i].CallLine);
        }

        frames.Add($"{function.Name}|{place}");
        return [.. frames];
    }

    public static IEnumerable<AddressRange> RangesOf(Function function, InlineSite site) =>
        function.InlineRanges.Skip(site.FirstRange).Take(site.RangeCount);

    public string Text(StringRef text) => Encoding.UTF8.GetString(_names.Get(text));

    /// <summary>The three parts as stored.</summary>
    public (string Compilation, string Directory, string Name) Parts(FileRef file)
    {
        var path = _names.Get(file);
        return (Text(path.CompilationDirectory), Text(path.Directory), Text(path.Name));
    }

    public string Path(FileRef file)
    {
        if (file.IsNone)
        {
            return "";
        }

        var (compilation, directory, name) = Parts(file);
        string path = System.IO.Path.Combine(compilation, directory, name);
        return System.IO.Path.IsPathRooted(path)
            ? System.IO.Path.GetFullPath(path)
            : System.IO.Path.GetFullPath(path, "/")[1..];
    }

    private string Place(FileRef file, uint line) => $"{Path(file)}|{line}";

    internal sealed record Function(
        string Name, SourceLanguage Language, AddressRange[] Ranges, LineRow[] Lines, InlineSite[] Inlines, AddressRange[] InlineRanges);
}

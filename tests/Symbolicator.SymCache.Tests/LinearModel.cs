using System.Globalization;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>
/// What a cache must answer, one address at a time and straight from the rules of docs/symcache-format.md: no index,
/// no sweep, nothing shared with the builder. Ranges of one function must ascend.
/// </summary>
internal sealed class LinearModel
{
    private readonly FakeObjectFile _file;
    private readonly List<Candidate> _candidates = [];
    private readonly List<FakeSymbol> _symbols;

    public LinearModel(FakeObjectFile file)
    {
        _file = file;
        _symbols = [.. file.Symbols
            .GroupBy(symbol => symbol.Address)
            .OrderBy(group => group.Key)
            .Select(group => group.Reverse().OrderByDescending(s => s.Size).First())];
        AddFunctions();
        var sized = _symbols.Where(symbol => symbol.Size > 0).ToList();
        foreach (var symbol in sized)
        {
            _candidates.Add(new Candidate(3, symbol.Address, symbol.Address + symbol.Size, symbol.Name, symbol.Address, null));
        }

        AddUnsized();
    }

    public string Show(ulong rva)
    {
        var winner = _candidates
            .Select((candidate, order) => (candidate, order))
            .Where(pair => pair.candidate.Start <= rva && rva < pair.candidate.End)
            .OrderBy(pair => pair.candidate.Kind).ThenBy(pair => pair.candidate.Kind >= 3 ? -pair.order : pair.order)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
        if (winner is null)
        {
            return "";
        }

        var (path, line) = winner.Function is null ? (null, 0u) : LineAt(winner, rva);
        var frames = new List<string>();
        for (int site = OwnerAt(winner.Function, rva); site >= 0; site = ParentOf(winner.Function!, site))
        {
            var inline = winner.Function!.Inlines[site];
            frames.Add(Frame(inline.Name, "", path, line));
            (path, line) = (inline.CallFile, inline.CallLine);
        }

        frames.Add(Frame(winner.Name, "@" + winner.Entry.ToString("x", CultureInfo.InvariantCulture), path, line));
        return string.Join(" < ", frames);
    }

    private void AddFunctions()
    {
        foreach (var function in _file.Functions)
        {
            foreach (var range in function.Ranges)
            {
                if (function.Name is null)
                {
                    for (ulong at = range.Start; at < range.End; at++)
                    {
                        // Every address alone: what follows from it is the same as from longer parts.
                        var symbol = SymbolAround(at);
                        ulong entry = symbol?.Address ?? PartStart(range, at);
                        _candidates.Add(new Candidate(2, at, at + 1, symbol?.Name ?? "", entry, function) { LinesFrom = range.Start });
                    }

                    continue;
                }

                var candidate = new Candidate(1, range.Start, range.End, NameAt(range.Start, function.Name), range.Start, function)
                {
                    LinesFrom = range.Start,
                };
                bool lines = false;
                for (ulong at = range.Start; at < range.End; at++)
                {
                    lines |= LineAt(candidate, at).Line != 0;
                }

                _candidates.Add(lines ? candidate with { Kind = 0 } : candidate);
            }
        }
    }

    private void AddUnsized()
    {
        var starts = _candidates.Where(c => c.Kind != 2).Select(c => c.Start)
            .Concat(_file.Functions.Where(f => f.Name is null).SelectMany(UnnamedStarts))
            .Concat(_symbols.Select(s => s.Address)).ToList();
        var others = _candidates.ToList();
        foreach (var symbol in _symbols.Where(symbol => symbol.Size == 0))
        {
            if (others.Any(c => c.Start <= symbol.Address && symbol.Address < c.End))
            {
                continue;
            }

            ulong end = starts.Where(start => start > symbol.Address).DefaultIfEmpty(
                _file.ImageSize > symbol.Address ? _file.ImageSize : ulong.MaxValue).Min();
            _candidates.Add(new Candidate(4, symbol.Address, end, symbol.Name, symbol.Address, null));
        }
    }

    private static IEnumerable<ulong> UnnamedStarts(FakeFunction function) => function.Ranges.Select(range => range.Start);

    private string NameAt(ulong address, string debugName)
    {
        return _symbols.SingleOrDefault(s => s.Address == address)?.Name ?? debugName;
    }

    /// <summary>The last sized symbol around an address, else the label before it that nothing sized surrounds.</summary>
    private FakeSymbol? SymbolAround(ulong address)
    {
        var sized = _symbols.Where(s => s.Address <= address && address < s.Address + s.Size).MaxBy(s => s.Address);
        if (sized is not null)
        {
            return sized;
        }

        var before = _symbols.Where(s => s.Address <= address).MaxBy(s => s.Address);
        bool label = before is { Size: 0 }
            && !_symbols.Any(s => s.Address < before.Address && before.Address < s.Address + s.Size);
        return label ? before : null;
    }

    /// <summary>Where the unnamed part around an address begins: the range, a symbol, or the end of one.</summary>
    private ulong PartStart(AddressRange range, ulong address)
    {
        ulong start = address;
        while (start > range.Start && SymbolAround(start - 1) is null && !_symbols.Any(s => s.Address == start))
        {
            start--;
        }

        return start;
    }

    private static (string? File, uint Line) LineAt(Candidate candidate, ulong rva)
    {
        string? file = null;
        uint line = 0;
        foreach (var row in candidate.Function!.Lines)
        {
            if (row.Address >= candidate.LinesFrom && row.Address <= rva)
            {
                (file, line) = (row.File, row.Line);
            }
        }

        return (file, line);
    }

    /// <summary>Sites take the address in order, each only from its parent.</summary>
    private static int OwnerAt(FakeFunction? function, ulong rva)
    {
        int owner = -1;
        for (int site = 0; site < function?.Inlines.Length; site++)
        {
            if (owner == ParentOf(function, site) && function.Inlines[site].Ranges.Any(range => range.Contains(rva)))
            {
                owner = site;
            }
        }

        return owner;
    }

    private static int ParentOf(FakeFunction function, int site) =>
        Array.FindLastIndex(function.Inlines, Math.Max(site - 1, 0), site, other => other.Depth < function.Inlines[site].Depth);

    private static string Frame(string? name, string entry, string? file, uint line) => $"{name}{entry} {file ?? "?"}:{line}";

    private sealed record Candidate(int Kind, ulong Start, ulong End, string Name, ulong Entry, FakeFunction? Function)
    {
        public ulong LinesFrom { get; init; }
    }
}

using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>A function whose entry is being walked.</summary>
internal sealed class OpenFunction
{
    public StringRef Name { get; set; }

    public SourceLanguage Language { get; set; }

    public List<AddressRange> Ranges { get; } = [];

    public List<InlineSite> Inlines { get; } = [];

    public List<AddressRange> InlineRanges { get; } = [];

    public void Clear()
    {
        Ranges.Clear();
        Inlines.Clear();
        InlineRanges.Clear();
    }
}

/// <summary>
/// Walks the entries of a unit once, flat, and gives its functions in the order in which they end. Functions nested in
/// functions, also inside of inlined calls, are functions of their own; entries of any other kind are looked through.
/// Below an entry without code (a declaration, an abstract instance, discarded code) only functions are looked for.
/// </summary>
internal sealed class FunctionCollector(
    EntryNames names, EntryRanges ranges, UnitLines lines, ParseLimits limits, FaultLog faults)
{
    private const int NoFunction = -1;

    private readonly List<OpenFunction> _pool = [];
    private readonly List<Scope> _scopes = [];
    private DwarfUnit? _unit;
    private int _position;
    private int _open;

    public void Begin(DwarfUnit unit)
    {
        _unit = unit;
        _position = unit.Header.FirstEntry;
        _open = 0;
        _scopes.Clear();
    }

    /// <summary>The next function of the unit, valid until the next call; null at its end.</summary>
    public OpenFunction? Next()
    {
        if (_unit is not null)
        {
            var reader = _unit.ReaderAt(_position);
            while (!reader.AtEnd)
            {
                ulong code = reader.ReadUleb128();
                var ended = code == 0 ? Leave() : Enter(ref reader, code);
                if (_scopes.Count == 0)
                {
                    _position = (int)_unit.Header.Length; // what follows the unit entry is padding
                    return ended;
                }

                if (ended is not null && reader.Fault.IsNone)
                {
                    _position = reader.Position;
                    return ended;
                }
            }

            if (!reader.Fault.IsNone)
            {
                faults.Add(reader.Fault, "entry");
            }

            _unit = null;
        }

        // The rest of a damaged unit is lost; functions that it has begun are kept as far as they were read.
        return _open == 0 ? null : _pool[--_open];
    }

    private OpenFunction? Leave()
    {
        if (_scopes.Count == 0)
        {
            return null;
        }

        bool closes = _scopes[^1].OpensFunction;
        _scopes.RemoveAt(_scopes.Count - 1);
        return closes ? _pool[--_open] : null;
    }

    private OpenFunction? Enter(ref ByteReader reader, ulong code)
    {
        if (!_unit!.Abbrevs.TryGet(code, out var abbrev))
        {
            reader.Fail(MalformedReason.UnknownForm);
            return null;
        }

        var scope = _scopes.Count == 0 ? new Scope(NoFunction, 0, false) : _scopes[^1] with { OpensFunction = false };
        if (abbrev.Kind is EntryKind.Function or EntryKind.InlinedCall)
        {
            _unit.Abbrevs.Read(ref reader, abbrev, out var values);
            if (!reader.Fault.IsNone)
            {
                return null;
            }

            scope = abbrev.Kind == EntryKind.Function ? OpenFunction(values, scope) : AddInlinedCall(values, scope, reader.FileOffset);
        }
        else
        {
            _unit.Abbrevs.Skip(ref reader, abbrev);
        }

        if (!abbrev.HasChildren)
        {
            return scope.OpensFunction ? _pool[--_open] : null;
        }

        if (_scopes.Count == limits.DieDepth)
        {
            reader.Fail(MalformedReason.DepthOverLimit);
            return null;
        }

        _scopes.Add(scope);
        return null;
    }

    private Scope OpenFunction(in EntryAttributes values, in Scope around)
    {
        if (_pool.Count == _open)
        {
            _pool.Add(new OpenFunction());
        }

        var function = _pool[_open];
        function.Clear();
        ranges.Read(_unit!, values, function.Ranges);
        if (function.Ranges.Count == 0)
        {
            return new Scope(NoFunction, 0, false);
        }

        var enclosing = around.Function == NoFunction ? _unit!.Language : _pool[around.Function].Language;
        (function.Name, function.Language) = names.Resolve(_unit!, values, enclosing);
        return new Scope(_open++, 0, true);
    }

    private Scope AddInlinedCall(in EntryAttributes values, in Scope around, long at)
    {
        if (around.Function == NoFunction || around.InlineDepth >= limits.InlineDepth)
        {
            return new Scope(NoFunction, 0, false);
        }

        var function = _pool[around.Function];
        int first = function.InlineRanges.Count;
        if (first < limits.InlineRanges)
        {
            ranges.Read(_unit!, values, function.InlineRanges);
        }
        else
        {
            faults.Add(new ParseFault(MalformedReason.CountOverLimit, at), "inlined call");
        }

        int count = function.InlineRanges.Count - first;
        if (count == 0)
        {
            return new Scope(NoFunction, 0, false);
        }

        var (name, language) = names.Resolve(_unit!, values, function.Language);
        uint line = values[Slot.CallLine].TryGetConstant(out ulong number) ? (uint)Math.Min(number, uint.MaxValue) : 0;
        function.Inlines.Add(new InlineSite(
            around.InlineDepth, name, language, lines.GetFile(values[Slot.CallFile]), line, first, count));
        return around with { InlineDepth = around.InlineDepth + 1, OpensFunction = false };
    }

    /// <summary>What entries below an entry belong to.</summary>
    /// <param name="Function">Index of the open function, or none: then inlined calls are left out.</param>
    /// <param name="InlineDepth">Of inlined calls below.</param>
    /// <param name="OpensFunction">The end of this scope ends the function.</param>
    private readonly record struct Scope(int Function, int InlineDepth, bool OpensFunction);
}

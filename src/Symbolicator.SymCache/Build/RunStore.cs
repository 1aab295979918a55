using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Build;

/// <summary>First pass: every function and symbol becomes runs; their rows go to a temporary file.</summary>
internal sealed class RunStore : IDisposable
{
    private readonly IObjectFile _file;
    private readonly InternPool _names;
    private readonly SymCacheOptions _options;
    private readonly Spill _spill;
    private readonly RangeFlattener _flattener;
    private readonly ByteSink _payload = new();
    private long _rowsLeft;
    private int _largestPayload;

    public RunStore(IObjectFile file, InternPool names, SymCacheOptions options, ParseLimits limits)
    {
        _file = file;
        _names = names;
        _options = options;
        _spill = new Spill(options.SpillDirectory);
        _rowsLeft = options.MaxRows;
        _flattener = new RangeFlattener(limits, Functions);
        Symbols = new SymbolIndex(file.OpenSymbols(names));
        if (file.Format == FileFormat.Pdb)
        {
            Symbols.RemoveDecorations(names, file.Arch.Family());
        }
    }

    public FunctionTable Functions { get; } = new();

    public SymbolIndex Symbols { get; }

    /// <summary>All runs; known after <see cref="Collect"/>.</summary>
    public ChunkedList<RunRecord> Runs { get; } = new();

    public long SpilledBytes => _spill.Length;

    public long BufferBytes => _flattener.BufferBytes + (3L * _largestPayload);

    public void Collect(CancellationToken cancellationToken)
    {
        // A Breakpad file and a PDB name their functions themselves; their public symbols are what is left over.
        bool symbolNames = _file.Format is not (FileFormat.Breakpad or FileFormat.Pdb);
        using (var session = _file.OpenDebugSession(_names))
        {
            var function = new FunctionBuffer();
            while (session is not null && session.TryReadNext(function))
            {
                cancellationToken.ThrowIfCancellationRequested();
                AddFunction(function, symbolNames);
            }
        }

        foreach (var symbol in Symbols.Preferred())
        {
            AddSymbol(symbol);
        }

        if (_names.Dropped > 0)
        {
            _file.Faults.Add(new ParseFault(MalformedReason.SizeOverLimit, 0), "names and paths");
        }
    }

    public RunReader Open(in RunRecord run)
    {
        byte[] payload = new byte[run.PayloadLength];
        _spill.Read(run.Payload, payload);
        return new RunReader(payload, run.Start);
    }

    public void Dispose() => _spill.Dispose();

    private void AddFunction(FunctionBuffer function, bool symbolNames)
    {
        _flattener.Load(function);
        for (int i = 0; i < _flattener.Ranges.Count; i++)
        {
            var range = _flattener.Ranges[i];
            if (function.Name.IsNone)
            {
                AddUnnamed(range, i, function.Language);
                continue;
            }

            var (inlinees, depth) = _flattener.Summary(i);
            var name = symbolNames ? Symbols.NameAt(range.Start, function.Name) : function.Name;
            var record = new FunctionRecord(range.Start, range.Size, name, function.Language, FromDebugInfo: true, inlinees, depth);
            AddRun(range, i, record, RunKind.Function);
        }

        if (_flattener.StepsExceeded)
        {
            _file.Faults.Add(new ParseFault(MalformedReason.StepsOverLimit, 0), "inlined calls");
        }
    }

    /// <summary>Code with lines but without a function: each symbol in it becomes one.</summary>
    private void AddUnnamed(AddressRange range, int index, SourceLanguage language)
    {
        for (ulong at = range.Start; at < range.End;)
        {
            var symbol = Symbols.Covering(at, out ulong end);
            end = Math.Min(end, range.End);
            var record = symbol.Name.IsNone
                ? new FunctionRecord(at, end - at, default, language, FromDebugInfo: false, 0, 0)
                : new FunctionRecord(symbol.Address, symbol.Size, symbol.Name, language, FromDebugInfo: false, 0, 0);
            if (!AddRun(new AddressRange(at, end), index, record, RunKind.LinesOnly))
            {
                return;
            }

            at = end;
        }
    }

    private bool AddRun(AddressRange part, int range, in FunctionRecord record, RunKind kind)
    {
        if (Runs.Count >= _options.MaxRuns || _rowsLeft <= 0)
        {
            _file.Faults.Add(new ParseFault(MalformedReason.CountOverLimit, 0), "functions");
            return false;
        }

        _flattener.Emit(part, range, _payload);
        _rowsLeft -= _flattener.RowCount;
        _largestPayload = Math.Max(_largestPayload, _payload.Length);
        Runs.Add(new RunRecord
        {
            Start = part.Start,
            End = part.End,
            Payload = _spill.Length,
            PayloadLength = _payload.Length,
            Function = Functions.Add(record),
            Kind = kind == RunKind.Function && _flattener.HasLines ? RunKind.FunctionWithLines : kind,
        });
        _spill.Append(_payload.Written);
        return true;
    }

    private void AddSymbol(in PublicSymbol symbol)
    {
        if (Runs.Count >= _options.MaxRuns)
        {
            _file.Faults.Add(new ParseFault(MalformedReason.CountOverLimit, 0), "symbols");
            return;
        }

        Runs.Add(new RunRecord
        {
            Start = symbol.Address,
            End = symbol.Size != 0 ? SymbolIndex.EndOf(symbol) : symbol.Limit != 0 ? symbol.Limit : ulong.MaxValue,
            Function = Functions.Add(new FunctionRecord(
                symbol.Address, symbol.Size, symbol.Name, SourceLanguage.Unknown, FromDebugInfo: false, 0, 0)),
            Kind = symbol.Size == 0 ? RunKind.UnsizedSymbol : RunKind.SizedSymbol,
        });
    }
}

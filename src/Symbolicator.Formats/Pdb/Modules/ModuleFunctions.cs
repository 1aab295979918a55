using System.Buffers.Binary;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Pdb.Types;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Reads the symbol records of a module and gives its procedures and thunks one by one: with the code that was separated
/// from them, whose records come next, and the calls inlined into them. A scope ends at the record that ends its kind;
/// what records say of the offset of their end is not looked at. A procedure inside of another one ends it.
/// </summary>
internal sealed class ModuleFunctions(PdbFile pdb, ModuleLines lines, PdbFunctionNames names)
{
    private const int InlineSiteBytes = 12; // INLINESITESYM up to the annotations
    private const int InlineSite2Bytes = 16; // INLINESITESYM2
    private const int MostChunks = 64; // a procedure is separated into one or two

    private readonly InlineSiteReader _sites = new(lines.Files, new InlineeSources(pdb, lines, names), pdb.Limits);
    private readonly List<Scope> _scopes = [];
    private SymbolCursor? _records;
    private OpenProcedure _open = new();
    private OpenProcedure _done = new();
    private int _number; // of the procedures so far
    private int _openSites; // among the scopes
    private int _tooDeep;

    /// <summary>Language of the module, as far as its records have told.</summary>
    public SourceLanguage Language { get; private set; }

    public void Begin(in PdbModule module, MsfReader stream)
    {
        _records = new SymbolCursor(stream, Math.Min(module.SymbolBytes, stream.Length), pdb.Faults);
        _scopes.Clear();
        _open.Clear();
        _openSites = 0;
        _tooDeep = 0;
        Language = SourceLanguage.Unknown;
    }

    /// <summary>The next procedure with code, valid until the next call; null at the end of the module.</summary>
    public OpenProcedure? Next()
    {
        _done.Clear();
        while (_records!.TryReadNext(out var kind, out var body))
        {
            if (TakeProcedure(kind, body))
            {
                if (_done.IsOpen)
                {
                    return _done;
                }
            }
            else
            {
                Take(kind, body);
            }
        }

        (_open, _done) = (_done, _open);
        return _done.IsOpen ? _done : null;
    }

    /// <summary>True for the record of a procedure or thunk, which ends the one before it.</summary>
    private bool TakeProcedure(SymbolKind kind, ReadOnlySpan<byte> body)
    {
        ProcedureRecord record;
        bool isId = false;
        switch (kind)
        {
            case SymbolKind.GlobalProcedure or SymbolKind.LocalProcedure or SymbolKind.LocalProcedureDpc:
                record = ProcedureRecord.OfProcedure(body, hasCountedName: false);
                break;
            case SymbolKind.GlobalProcedureId or SymbolKind.LocalProcedureId or SymbolKind.LocalProcedureDpcId:
                record = ProcedureRecord.OfProcedure(body, hasCountedName: false);
                isId = true;
                break;
            case SymbolKind.GlobalProcedureSt or SymbolKind.LocalProcedureSt:
                record = ProcedureRecord.OfProcedure(body, hasCountedName: true);
                break;
            case SymbolKind.Thunk or SymbolKind.ThunkSt:
                record = ProcedureRecord.OfThunk(body, hasCountedName: kind == SymbolKind.ThunkSt);
                break;
            default:
                return false;
        }

        (_open, _done) = (_done, _open);
        _open.Clear();
        _number++;
        if (record.Code.IsEmpty)
        {
            Push(new Scope(EndsInlineSite: false, Procedure: 0, OpenProcedure.NoSite, 0, 0));
            return true;
        }

        _open.Open(names.OfProcedure(record.Name, record.Type, isId), Language, record.Code);
        Push(new Scope(EndsInlineSite: false, _number, OpenProcedure.NoSite, 0, 0));
        return true;
    }

    private void Take(SymbolKind kind, ReadOnlySpan<byte> body)
    {
        switch (kind)
        {
            case SymbolKind.Compile when body.Length > 1:
                Language = CodeViewLanguage.Of(body[1]);
                break;
            case SymbolKind.Compile2 or SymbolKind.Compile2St or SymbolKind.Compile3 when body.Length > 0:
                Language = CodeViewLanguage.Of(body[0]);
                break;
            case SymbolKind.Block or SymbolKind.BlockSt or SymbolKind.With or SymbolKind.WithSt:
                Push(Top with { EndsInlineSite = false });
                break;
            case SymbolKind.GlobalManagedProcedure or SymbolKind.LocalManagedProcedure
                or SymbolKind.GlobalManagedProcedureSt or SymbolKind.LocalManagedProcedureSt:
                Push(default); // its addresses are those of intermediate code
                break;
            case SymbolKind.SeparatedCode:
                Push(OpenSeparatedCode(body));
                break;
            case SymbolKind.InlineSite when body.Length >= InlineSiteBytes:
                Push(OpenSite(BinaryPrimitives.ReadUInt32LittleEndian(body[8..]), body[InlineSiteBytes..]));
                break;
            case SymbolKind.InlineSite2 when body.Length >= InlineSite2Bytes:
                Push(OpenSite(BinaryPrimitives.ReadUInt32LittleEndian(body[8..]), body[InlineSite2Bytes..]));
                break;
            case SymbolKind.InlineSite or SymbolKind.InlineSite2:
                Push(Top with { EndsInlineSite = true });
                break;
            case SymbolKind.End or SymbolKind.ProcedureIdEnd:
                Pop(endsInlineSite: false);
                break;
            case SymbolKind.InlineSiteEnd:
                Pop(endsInlineSite: true);
                break;
        }
    }

    private Scope Top => _scopes.Count == 0 ? default : _scopes[^1];

    /// <summary>
    /// Code of the procedure before it; code of any other one has lines but no name. None of it is there already, so that
    /// no line is copied twice.
    /// </summary>
    private Scope OpenSeparatedCode(ReadOnlySpan<byte> body)
    {
        var record = ProcedureRecord.OfSeparatedCode(body, out ulong parent);
        bool isKnown = _open.IsOpen && _open.Chunks.Count < MostChunks
            && (SourceAddress.SectionOf(parent) == 0 || _open.Overlaps(new AddressRange(parent, parent + 1)));
        if (!isKnown || record.Code.IsEmpty || _open.Overlaps(record.Code))
        {
            return default;
        }

        _open.Chunks.Add(record.Code);
        return new Scope(EndsInlineSite: false, _number, OpenProcedure.NoSite, 0, (uint)_open.Chunks.Count - 1);
    }

    /// <summary>A call that cannot be placed leaves its code, and the calls inside of it, to the code around it.</summary>
    private Scope OpenSite(uint inlinee, ReadOnlySpan<byte> annotations)
    {
        var around = Top with { EndsInlineSite = true };
        int first = _open.Pieces.Count;
        if (!_open.IsOpen || around.Procedure != _number || around.Depth == pdb.Limits.InlineDepth
            || !_sites.TryRead(inlinee, annotations, around.Chunk, _open.Pieces))
        {
            return around;
        }

        _open.Sites.Add(new RecordedSite(around.Site, names.OfInlinee(inlinee), first, _open.Pieces.Count - first));
        return around with { Site = _open.Sites.Count - 1, Depth = around.Depth + 1 };
    }

    private void Push(in Scope scope)
    {
        if (_scopes.Count < pdb.Limits.DieDepth)
        {
            _scopes.Add(scope);
            _openSites += scope.EndsInlineSite ? 1 : 0;
        }
        else
        {
            _tooDeep++;
        }
    }

    /// <summary>Ends the innermost scope of a kind, with those in it that were not ended; none when there is none.</summary>
    private void Pop(bool endsInlineSite)
    {
        if (_tooDeep > 0)
        {
            _tooDeep--;
            return;
        }

        if ((endsInlineSite ? _openSites : _scopes.Count - _openSites) == 0)
        {
            return;
        }

        for (bool isEnded = false; !isEnded;)
        {
            var scope = _scopes[^1];
            isEnded = scope.EndsInlineSite == endsInlineSite;
            _openSites -= scope.EndsInlineSite ? 1 : 0;
            _scopes.RemoveAt(_scopes.Count - 1);
        }
    }

    /// <param name="EndsInlineSite">Ended by S_INLINESITE_END, else by S_END or S_PROC_ID_END.</param>
    /// <param name="Procedure">Number of the procedure around it, 0 for code without a known one.</param>
    /// <param name="Site">Innermost inlined call.</param>
    /// <param name="Depth">Number of inlined calls.</param>
    /// <param name="Chunk">Piece of the procedure that offsets count from.</param>
    private readonly record struct Scope(bool EndsInlineSite, int Procedure, int Site, int Depth, uint Chunk);
}

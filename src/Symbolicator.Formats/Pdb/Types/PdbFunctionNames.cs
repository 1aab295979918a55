using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Names of functions for people: scopes, name, parameters and qualifiers, without return type, as
/// <c>ns::C::f(int, char const*) const</c>. Mangled names stay as they are, and a name whose type cannot be read is
/// the recorded one alone. Not thread-safe; spans that it is given may lie in another reader's buffer.
/// </summary>
internal sealed class PdbFunctionNames : IDisposable
{
    private const int MostInlinees = 256 << 10;
    private const long FreeWork = 16 << 20;
    private const int WorkPerByte = 4; // real files need a tenth

    private readonly PdbFile _pdb;
    private readonly InternPool _names;
    private readonly TypeStream _types;
    private readonly TypeStream _items;
    private readonly TypeText _text;
    private readonly TypeNames _typeNames;
    private readonly CrossModuleItems _crossModule;
    private readonly TextCache _signatures = new(mostEntries: 256 << 10, mostBytes: 16 << 20);
    private readonly Dictionary<uint, StringRef> _inlinees = [];
    private readonly long _mostWork;
    private long _bytes;
    private bool _typesFaulted;
    private bool _itemsFaulted;
    private bool _isExhausted;

    public PdbFunctionNames(PdbFile pdb, InternPool names)
    {
        _pdb = pdb;
        _names = names;
        _types = TypeStream.Open(pdb.Msf, PdbStreams.Types, pdb.Faults, "type stream");
        _items = TypeStream.Open(pdb.Msf, pdb.Info.HasItemStream ? PdbStreams.Items : -1, pdb.Faults, "item stream");
        _text = new TypeText(pdb.Limits.StringBytes);
        _typeNames = new TypeNames(_types, _text, pdb.Limits);
        _crossModule = new CrossModuleItems(pdb);
        _mostWork = FreeWork + (WorkPerByte * pdb.Msf.File.Length);
    }

    /// <summary>Procedures and inlined functions that follow are of this module, whose stream is read when needed.</summary>
    public void EnterModule(in PdbModule module, MsfReader moduleStream) => _crossModule.EnterModule(module, moduleStream.Stream);

    /// <summary>Name of a procedure; "no string" when it has none.</summary>
    /// <param name="rawName">Its name in the symbol record, qualified.</param>
    /// <param name="typeOrId">Its type, 0 for none.</param>
    /// <param name="isId">The type is stated by an item (symbol kinds that end in <c>_ID</c>).</param>
    public StringRef OfProcedure(ReadOnlySpan<byte> rawName, uint typeOrId, bool isId)
    {
        if (RecordedName.IsMangled(rawName))
        {
            return _names.Intern(rawName);
        }

        _text.Truncate(0);
        RecordedName.AppendTo(_text, rawName);
        if (!rawName.IsEmpty && TryFindFunction(typeOrId, isId, out uint function))
        {
            AppendSignature(function);
        }

        return Intern();
    }

    /// <summary>Name of an inlined function, with its scopes; "no string" when its item cannot be read.</summary>
    public StringRef OfInlinee(uint item)
    {
        if (!TryGlobal(item, out uint number))
        {
            return default;
        }

        if (_inlinees.TryGetValue(number, out var known))
        {
            return known;
        }

        if (_inlinees.Count >= MostInlinees)
        {
            _inlinees.Clear();
        }

        var name = MakeInlinee(number);
        _inlinees.Add(number, name);
        return name;
    }

    /// <summary>The number of an item in the whole file and the module that it comes from; false when it is of this module.</summary>
    public bool TryFindOwner(uint item, out uint number, out PdbModule owner)
    {
        number = item;
        owner = default;
        return CrossModuleItems.IsCrossModule(item) && _crossModule.TryResolve(item, out number, out owner);
    }

    public void Dispose()
    {
        _types.Dispose();
        _items.Dispose();
        _text.Dispose();
        _crossModule.Dispose();
    }

    private StringRef MakeInlinee(uint item)
    {
        if (IsExhausted())
        {
            return default;
        }

        if (!_items.TryGet(item, out var record) || record.Kind is not (TypeLeaf.Function or TypeLeaf.Method))
        {
            Fault(_items, ref _itemsFaulted, item, MalformedReason.OutOfRange, "item");
            return default;
        }

        if (RecordedName.IsMangled(record.Text(8)))
        {
            return _names.Intern(record.Text(8));
        }

        uint scope = record.U32(0);
        uint function = record.U32(4);
        _text.Truncate(0);
        _typeNames.Begin();
        bool isMethod = record.Kind == TypeLeaf.Method;
        if (scope != 0 && (isMethod ? TryAppendClass(scope) : TryAppendScope(scope)))
        {
            _text.Append("::"u8);
        }
        else
        {
            _text.Truncate(0);
        }

        if (_items.TryGet(item, out record)) // again: the scope was read in between
        {
            RecordedName.AppendTo(_text, record.Text(8));
        }

        AppendSignature(function);
        return Intern();
    }

    private bool TryAppendClass(uint type)
    {
        if (_typeNames.TryAppend(type))
        {
            return true;
        }

        Fault(_types, ref _typesFaulted, type, _typeNames.Reason, "type");
        return false;
    }

    /// <summary>A namespace: a text, in front of which there may be a list of other texts.</summary>
    private bool TryAppendScope(uint item)
    {
        if (!_items.TryGet(item, out var record) || record.Kind != TypeLeaf.Text)
        {
            Fault(_items, ref _itemsFaulted, item, MalformedReason.OutOfRange, "item");
            return false;
        }

        uint list = record.U32(0);
        if (list != 0 && !TryAppendPieces(list))
        {
            Fault(_items, ref _itemsFaulted, list, MalformedReason.OutOfRange, "item");
            return false;
        }

        _ = _items.TryGet(item, out record); // again: the pieces were read in between
        RecordedName.AppendTo(_text, record.Text(4));
        return true;
    }

    private bool TryAppendPieces(uint list)
    {
        uint count = _items.TryGet(list, out var pieces) && pieces.Kind == TypeLeaf.TextList ? pieces.U32(0) : uint.MaxValue;
        if (count > _pdb.Limits.TypeDepth)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (!_items.TryGet(list, out pieces) || !_items.TryGet(pieces.U32(4 + (i * 4)), out var piece) || piece.Kind != TypeLeaf.Text)
            {
                return false;
            }

            RecordedName.AppendTo(_text, piece.Text(4));
        }

        return true;
    }

    /// <summary>The type of a function: stated as such or by an item.</summary>
    private bool TryFindFunction(uint typeOrId, bool isId, out uint function)
    {
        function = 0;
        if (typeOrId < SimpleTypes.End || IsExhausted() || !TryGlobal(typeOrId, out uint number))
        {
            return false;
        }

        function = number;
        if (isId)
        {
            if (!_items.TryGet(number, out var record) || record.Kind is not (TypeLeaf.Function or TypeLeaf.Method))
            {
                Fault(_items, ref _itemsFaulted, number, MalformedReason.OutOfRange, "item");
                return false;
            }

            function = record.U32(4);
        }

        return true;
    }

    private bool TryGlobal(uint number, out uint global)
    {
        global = number;
        if (!CrossModuleItems.IsCrossModule(number) || _crossModule.TryResolve(number, out global, out _))
        {
            return true;
        }

        Fault(_items, ref _itemsFaulted, number, MalformedReason.OutOfRange, "reference to another module");
        return false;
    }

    /// <summary>Appends the parameters to the name written so far, or nothing when they cannot be had.</summary>
    private void AppendSignature(uint function)
    {
        if (function < SimpleTypes.End || _types.IsEmpty)
        {
            return;
        }

        if (_signatures.TryGet(function, out _, out var known))
        {
            _text.Append(known);
            return;
        }

        int start = _text.Length;
        _typeNames.Begin();
        if (_typeNames.TryAppendSignature(function) && _text.Length - start <= _pdb.Limits.TypeNameBytes)
        {
            _signatures.Add(function, _text.From(start));
            return;
        }

        _text.Truncate(start);
        _signatures.AddMissing(function);
        Fault(_types, ref _typesFaulted, function, _typeNames.Reason, "type");
    }

    /// <summary>Work out of proportion to the file: names that share long parameters, records far from each other.</summary>
    private bool IsExhausted()
    {
        if (_isExhausted || _bytes + _typeNames.TotalSteps + _types.Work + _items.Work <= _mostWork)
        {
            return _isExhausted;
        }

        _pdb.Faults.Add(new ParseFault(MalformedReason.StepsOverLimit, 0), "types of functions");
        return _isExhausted = true;
    }

    private StringRef Intern()
    {
        _bytes += _text.Length;
        return _names.Intern(_text.Written);
    }

    /// <summary>One fault says that a stream is damaged; a million would say no more.</summary>
    private void Fault(TypeStream stream, ref bool isKnown, uint number, MalformedReason reason, string what)
    {
        if (!isKnown && !stream.IsEmpty)
        {
            isKnown = true;
            _pdb.Faults.Add(stream.FaultAt(number, reason == MalformedReason.None ? MalformedReason.SizeOverLimit : reason), what);
        }
    }
}

using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Jumps that an incremental link puts before functions. The linker's module lists them; they are named after the
/// procedures that they lead to, which are met later.
/// </summary>
internal sealed class Trampolines
{
    private readonly List<Trampoline> _all = [];
    private readonly OpenProcedure _code = new();
    private int _next;

    private static ReadOnlySpan<byte> LinkerModule => "* Linker *"u8;

    /// <summary>Reads the records of the linker's module.</summary>
    public void Collect(PdbFile pdb)
    {
        using var dbi = pdb.OpenDbi();
        var modules = pdb.OpenModules(dbi);
        while (modules.TryReadNext(out var module))
        {
            if (!dbi.TryReadCString(module.NameOffset, pdb.Limits.StringBytes, out var name) || !name.SequenceEqual(LinkerModule))
            {
                continue;
            }

            using var stream = new MsfReader(pdb.Msf.Open(module.Stream));
            var records = new SymbolCursor(stream, Math.Min(module.SymbolBytes, stream.Length), pdb.Faults);
            while (records.TryReadNext(out var kind, out var body))
            {
                if (kind == SymbolKind.Trampoline
                    && ProcedureRecord.OfTrampoline(body, out ulong target).Code is { IsEmpty: false } code)
                {
                    _all.Add(new Trampoline(target, code, default, default));
                }
            }

            break;
        }

        _all.Sort(static (left, right) => left.Target.CompareTo(right.Target));
    }

    /// <summary>Tells of a procedure; the first one at an address gives its name.</summary>
    public void Meet(OpenProcedure procedure)
    {
        if (procedure.Name.IsNone)
        {
            return;
        }

        var all = CollectionsMarshal.AsSpan(_all);
        ulong start = procedure.Chunks[0].Start;
        int low = 0;
        for (int high = all.Length; low < high;)
        {
            int middle = (low + high) >>> 1;
            (low, high) = all[middle].Target < start ? (middle + 1, high) : (low, middle);
        }

        for (; low < all.Length && all[low].Target == start && all[low].Name.IsNone; low++)
        {
            all[low] = all[low] with { Name = procedure.Name, Language = procedure.Language };
        }
    }

    /// <summary>The next one whose target was met; null at the end.</summary>
    public OpenProcedure? Next()
    {
        while (_next < _all.Count)
        {
            var trampoline = _all[_next++];
            if (!trampoline.Name.IsNone)
            {
                _code.Clear();
                _code.Open(trampoline.Name, trampoline.Language, trampoline.Code);
                return _code;
            }
        }

        return null;
    }

    private readonly record struct Trampoline(ulong Target, AddressRange Code, StringRef Name, SourceLanguage Language);
}

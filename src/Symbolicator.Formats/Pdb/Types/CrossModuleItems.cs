using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Types and items that a module takes from another one (link-time code generation): a number with its top bit set
/// states a place in the module's list of imports, which names the other module and a number there, for which that
/// module's list of exports states the number in the whole file. Lists are read when first needed. Not thread-safe.
/// </summary>
internal sealed class CrossModuleItems(PdbFile pdb) : IDisposable
{
    private const uint Mark = 1u << 31; // CrossScopeId::StartCrossScopeId
    private const int ScopeShift = 20; // CrossScopeId::LocalIdBitWidth
    private const uint ScopeMask = 0x7ff;
    private const uint LocalMask = 0xf_ffff;
    private const int PairBytes = 8;
    private const int MostModules = 256 << 10;
    private const int MostExports = 1 << 20; // kept at a time
    private const long MostWork = 64 << 20; // exports and subsections read in all, also again

    private readonly Dictionary<int, Dictionary<uint, uint>> _exports = []; // by stream
    private readonly List<Import> _imports = [];
    private Dictionary<string, PdbModule>? _modules;
    private PdbStringTable? _strings;
    private MsfReader? _reader;
    private PdbModule _module;
    private bool _importsRead;
    private int _exportCount;
    private long _work;

    public static bool IsCrossModule(uint number) => (number & Mark) != 0;

    public void EnterModule(in PdbModule module, MsfStream stream)
    {
        _reader?.Dispose();
        _reader = new MsfReader(stream);
        _module = module;
        _imports.Clear();
        _importsRead = false;
    }

    /// <summary>The number in the whole file and the module that exports it; false when the lists do not have it.</summary>
    public bool TryResolve(uint number, out uint global, out PdbModule owner)
    {
        global = 0;
        owner = default;
        if (_reader is null)
        {
            return false;
        }

        if (!_importsRead)
        {
            _importsRead = true;
            ReadImports(_reader);
        }

        int scope = (int)((number >> ScopeShift) & ScopeMask);
        uint index = number & LocalMask;
        if (scope >= _imports.Count || index >= _imports[scope].Count
            || !_reader.TryReadU32(_imports[scope].Position + (index * (long)sizeof(uint)), out uint local))
        {
            return false;
        }

        var import = Resolved(scope);
        owner = import.Owner;
        return import.Exports!.TryGetValue(local, out global) && !IsCrossModule(global);
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _strings?.Dispose();
    }

    private void ReadImports(MsfReader reader)
    {
        var subsections = new SubsectionCursor(reader, _module.C13In(reader.Length));
        while (subsections.TryReadNext(out uint kind, out var content))
        {
            long at = content.Offset;
            long end = kind == SubsectionKind.Imports ? content.End : at;
            while (end - at >= PairBytes && _imports.Count <= ScopeMask
                && reader.TryReadU32(at, out uint name) && reader.TryReadU32(at + 4, out uint count))
            {
                at += PairBytes;
                if (count > (end - at) / sizeof(uint))
                {
                    pdb.Faults.Add(reader.FaultAt(MalformedReason.Truncated, at), "imports of a module");
                    return;
                }

                _imports.Add(new Import(name, at, count, default, null));
                at += count * (long)sizeof(uint);
            }
        }
    }

    private bool TryFindModule(uint nameOffset, out PdbModule module)
    {
        module = default;
        _strings ??= pdb.OpenStrings();
        _modules ??= ReadModules();
        return _strings.TryGet(nameOffset, out var name) && _modules.TryGetValue(Encoding.Latin1.GetString(name), out module);
    }

    private Dictionary<string, PdbModule> ReadModules()
    {
        var modules = new Dictionary<string, PdbModule>(StringComparer.OrdinalIgnoreCase);
        using var dbi = pdb.OpenDbi();
        var list = pdb.OpenModules(dbi);
        while (modules.Count < MostModules && list.TryReadNext(out var module))
        {
            if (module.Stream >= 0 && dbi.TryReadCString(module.NameOffset, pdb.Limits.StringBytes, out var name))
            {
                modules.TryAdd(Encoding.Latin1.GetString(name), module);
            }
        }

        return modules;
    }

    /// <summary>An import with the module that it names; with no exports when there is no such module.</summary>
    private Import Resolved(int scope)
    {
        var import = _imports[scope];
        if (import.Exports is null)
        {
            bool exists = TryFindModule(import.Name, out var owner);
            import = import with { Owner = owner, Exports = exists ? ExportsOf(owner) : [] };
            _imports[scope] = import;
        }

        return import;
    }

    private Dictionary<uint, uint> ExportsOf(in PdbModule module)
    {
        if (_exports.TryGetValue(module.Stream, out var exports))
        {
            return exports;
        }

        if (_exportCount >= MostExports)
        {
            _exports.Clear();
            _exportCount = 0;
        }

        exports = [];
        _exports.Add(module.Stream, exports);
        if (_work < MostWork)
        {
            using var reader = new MsfReader(pdb.Msf.Open(module.Stream));
            ReadExports(reader, module, exports);
            _exportCount += exports.Count;
        }

        return exports;
    }

    private void ReadExports(MsfReader reader, in PdbModule module, Dictionary<uint, uint> exports)
    {
        var subsections = new SubsectionCursor(reader, module.C13In(reader.Length));
        while (subsections.TryReadNext(out uint kind, out var content))
        {
            _work++;
            long at = content.Offset;
            long end = kind == SubsectionKind.Exports ? content.End : at;
            for (; end - at >= PairBytes && reader.TryRead(at, PairBytes, out var pair); at += PairBytes)
            {
                if (++_work >= MostWork || exports.Count >= MostExports)
                {
                    pdb.Faults.Add(reader.FaultAt(MalformedReason.CountOverLimit, at), "exports of a module");
                    return;
                }

                exports.TryAdd(BinaryPrimitives.ReadUInt32LittleEndian(pair), BinaryPrimitives.ReadUInt32LittleEndian(pair[4..]));
            }
        }
    }

    /// <param name="Name">Of the other module, as offset in <c>/names</c>.</param>
    /// <param name="Position">Where the numbers start in this module's stream.</param>
    /// <param name="Count">How many there are.</param>
    /// <param name="Owner">The other module, once it was needed.</param>
    /// <param name="Exports">What it exports; null before that.</param>
    private readonly record struct Import(uint Name, long Position, uint Count, PdbModule Owner, Dictionary<uint, uint>? Exports);
}

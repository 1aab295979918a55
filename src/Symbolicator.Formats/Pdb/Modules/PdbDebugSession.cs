using System.Collections;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Pdb.Types;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Streams the functions of a PDB module by module, in the order of their records. After the functions of a module come
/// its lines that none of them covers, in buffers without a name, and after all modules the jumps of an incremental link.
/// Of a module only the places of its lines and the table of its inlined functions are kept; the rest is memory of one
/// function.
/// </summary>
/// <remarks>
/// <para>The linker may have folded equal functions, so that several have the same code: the first one is the one to
/// keep. A damaged record loses the rest of its module's symbols, nothing else; the fault log says where.</para>
/// </remarks>
internal sealed class PdbDebugSession : IDebugSession
{
    private readonly PdbFile _pdb;
    private readonly MsfReader _dbi;
    private readonly PdbModuleList _modules;
    private readonly PdbFunctionNames _names;
    private readonly ModuleLines _lines;
    private readonly ModuleFunctions _functions;
    private readonly FunctionPainter _painter;
    private readonly Trampolines _trampolines = new();
    private readonly UncoveredLines _uncovered = new();
    private readonly List<LinePiece> _pieces = [];
    private readonly BitArray _seen = new(PdbStreams.None + 1);
    private MsfReader? _symbolStream;
    private MsfReader? _lineStream;

    /// <param name="pdb">Stays in use until the session ends.</param>
    /// <param name="names">Takes the names and files of the functions.</param>
    public PdbDebugSession(PdbFile pdb, InternPool names)
    {
        _pdb = pdb;
        _dbi = pdb.OpenDbi();
        _modules = pdb.OpenModules(_dbi);
        _names = new PdbFunctionNames(pdb, names);
        _lines = new ModuleLines(pdb, names);
        _functions = new ModuleFunctions(pdb, _lines, _names);
        _painter = new FunctionPainter(pdb.Addresses, pdb.Limits, pdb.Faults);
        _trampolines.Collect(pdb);
    }

    public bool TryReadNext(FunctionBuffer into)
    {
        while (_symbolStream is not null || TryBeginModule())
        {
            while (_functions.Next() is { } procedure)
            {
                _uncovered.Cover(procedure.Chunks);
                _trampolines.Meet(procedure);
                ReadLines(procedure);
                if (TryFill(procedure, into))
                {
                    return true;
                }
            }

            while (_uncovered.TryReadNext(_lines.Index, _functions.Language, _pieces) is { } code)
            {
                if (TryFill(code, into))
                {
                    return true;
                }
            }

            EndModule();
        }

        _pieces.Clear();
        while (_trampolines.Next() is { } trampoline)
        {
            if (TryFill(trampoline, into))
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        EndModule();
        _lines.Dispose();
        _names.Dispose();
        _dbi.Dispose();
    }

    private bool TryBeginModule()
    {
        while (_modules.TryReadNext(out var module))
        {
            if (module.Stream < 0)
            {
                continue; // nothing was compiled with debug information
            }

            if (module.Stream >= _seen.Length || _seen[module.Stream])
            {
                _pdb.Faults.Add(_dbi.FaultAt(MalformedReason.BadValue, module.NameOffset), "stream of a module");
                continue;
            }

            _seen[module.Stream] = true;
            var stream = _pdb.Msf.Open(module.Stream);
            _symbolStream = new MsfReader(stream);
            _lineStream = new MsfReader(stream);
            _names.EnterModule(module, _lineStream);
            _lines.Begin(module, _lineStream);
            _functions.Begin(module, _symbolStream);
            _uncovered.Clear();
            return true;
        }

        return false;
    }

    private void EndModule()
    {
        _symbolStream?.Dispose();
        _lineStream?.Dispose();
        _symbolStream = null;
        _lineStream = null;
    }

    private void ReadLines(OpenProcedure procedure)
    {
        _pieces.Clear();
        foreach (var chunk in procedure.Chunks)
        {
            _lines.Index.CopyRange(chunk, onlyBegun: false, _pieces);
        }
    }

    private bool TryFill(OpenProcedure procedure, FunctionBuffer into)
    {
        into.Clear();
        return _painter.TryFill(procedure, _pieces, into);
    }
}

using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// What has been loaded for the modules of one walk: for each either nothing yet, or a table, or the knowledge that
/// there is none. Entries are set once. Not thread-safe: fill it between two calls of <see cref="StackWalker.Advance"/>.
/// </summary>
public sealed class ModuleTables
{
    private readonly Dictionary<int, IUnwindTable?> _unwind = [];
    private readonly Dictionary<int, ISymbolCoverage?> _symbols = [];
    private readonly Dictionary<int, ICodeView> _code = [];

    /// <summary>Sets the unwind table of a module, null when there is none. A second call for a module changes nothing.</summary>
    public void SetUnwindTable(int module, IUnwindTable? table) => _unwind.TryAdd(module, table);

    /// <summary>Sets where the code of a module is when its unwind table has none.</summary>
    public void SetCode(int module, ICodeView? code)
    {
        if (code is not null)
        {
            _code.TryAdd(module, code);
        }
    }

    /// <summary>Sets the symbols of a module, null when there are none. A second call for a module changes nothing.</summary>
    public void SetSymbols(int module, ISymbolCoverage? symbols) => _symbols.TryAdd(module, symbols);

    /// <summary>False when the module has not been set. A table of another CPU counts as none.</summary>
    public bool TryGetUnwindTable(int module, CpuFamily cpu, out IUnwindTable? table)
    {
        bool isSet = _unwind.TryGetValue(module, out table);
        table = table?.Cpu == cpu ? table : null;
        return isSet;
    }

    /// <summary>The code of a module; null when no file has it.</summary>
    public ICodeView? CodeOf(int module) => _code.GetValueOrDefault(module) ?? _unwind.GetValueOrDefault(module) as ICodeView;

    /// <summary>False when the module has not been set.</summary>
    public bool TryGetSymbols(int module, out ISymbolCoverage? symbols) => _symbols.TryGetValue(module, out symbols);
}

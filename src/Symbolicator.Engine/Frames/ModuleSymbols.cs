using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Frames;

/// <summary>
/// Symbols of a module for one request, with the texts that its frames have in common. Not thread-safe; the symcache
/// must stay leased while this is used.
/// </summary>
internal sealed class ModuleSymbols(ObjectStatus status, SymCacheFile? cache, Demangler demangle, ModuleTrail? trail = null)
{
    private readonly Dictionary<int, FunctionNames> _functions = [];
    private readonly Dictionary<int, FileNames> _files = [];

    /// <summary>Found, then there is a cache, or why there is none.</summary>
    public ObjectStatus Status { get; } = status;

    public SymCacheFile? Cache { get; } = cache;

    public CpuFamily Cpu => Cache?.Info.Arch.Family() ?? CpuFamily.Unknown;

    /// <summary>Remembers that an address belongs to this module.</summary>
    public void NoteMatch(ulong address) => trail?.Add(new LookupStep.Matched(address));

    /// <summary>Remembers that an address was looked up.</summary>
    public void NoteLookup(ulong rva, bool hit) => trail?.Add(new LookupStep.LookedUp(rva, hit));

    public FunctionNames GetFunction(in SourceFrame frame)
    {
        if (!_functions.TryGetValue(frame.FunctionId, out var names))
        {
            string symbol = Cache!.GetFunctionName(frame.FunctionId);
            names = symbol.Length == 0 ? default : new FunctionNames(symbol, demangle(symbol, frame.Language) ?? symbol);
            _functions.Add(frame.FunctionId, names);
        }

        return names;
    }

    public FileNames GetFile(int fileId)
    {
        if (!_files.TryGetValue(fileId, out var names))
        {
            string? path = Cache!.GetPath(fileId);
            names = string.IsNullOrEmpty(path) ? default : new FileNames(path, SourcePathName.FileName(path));
            _files.Add(fileId, names);
        }

        return names;
    }
}

/// <summary>Raw name and name for people; null when the function has none.</summary>
internal readonly record struct FunctionNames(string? Symbol, string? Function);

/// <summary>Full path and its last component; null when unknown.</summary>
internal readonly record struct FileNames(string? AbsPath, string? FileName);

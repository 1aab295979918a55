using Symbolicator.Formats.Unwind;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Minidumps;

/// <summary>The walker's view of a symcache.</summary>
internal sealed class SymCacheCoverage(SymCacheFile cache) : ISymbolCoverage
{
    public bool HasSymbolAt(ulong rva) => cache.HasSymbolAt(rva);
}

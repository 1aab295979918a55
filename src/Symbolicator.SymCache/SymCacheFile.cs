using Symbolicator.Formats.Core;

namespace Symbolicator.SymCache;

/// <summary>An open symcache. Safe to use from several threads; valid until disposed.</summary>
public sealed class SymCacheFile : IDisposable
{
    private readonly FileBytes _file;

    private SymCacheFile(FileBytes file) => _file = file;

    public void Dispose() => _file.Dispose();
}

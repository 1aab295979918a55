using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>Writes the nodes of CTX in the order in which rows need them, so parents precede their children.</summary>
internal sealed class ContextWriter(string spillDirectory) : IDisposable
{
    private readonly SectionWriter _groups = new(ScfSection.Contexts, spillDirectory);
    private readonly List<uint> _offsets = [];

    public uint Count { get; private set; }

    /// <summary>A function with code of its own.</summary>
    public long AddRoot(int function)
    {
        long id = Next();
        _groups.WriteUleb(0);
        _groups.WriteUleb((ulong)function);
        return id;
    }

    /// <summary>A call inlined into the parent.</summary>
    public long AddInlined(long parent, int function, int callFile, uint callLine)
    {
        long id = Next();
        _groups.WriteUleb((ulong)(id - parent));
        _groups.WriteUleb((ulong)function);
        _groups.WriteUleb((ulong)callFile);
        _groups.WriteUleb(callLine);
        return id;
    }

    public SectionWriter Finish()
    {
        var section = new SectionWriter(ScfSection.Contexts, spillDirectory);
        long table = 4L * _offsets.Count;
        section.WriteTable([.. _offsets.Select(offset => SymCacheBuilder.Offset32(table + offset, "contexts"))]);
        section.Append(_groups);
        return section;
    }

    public void Dispose() => _groups.Dispose();

    private long Next()
    {
        if (Count % ContextGroup.Size == 0)
        {
            _offsets.Add(SymCacheBuilder.Offset32(_groups.Length, "contexts"));
        }

        return Count++;
    }
}

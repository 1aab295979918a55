using System.Buffers.Binary;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache;

/// <summary>
/// Walks from an inline context to the function that contains the code. A stored parent always has a smaller id than
/// its child, so the walk ends by itself; the budget keeps it short on a damaged cache.
/// </summary>
public ref struct FrameEnumerator
{
    /// <summary>More than any builder nests.</summary>
    private const int MaxFrames = 4096;

    private readonly SymCacheFile? _cache;
    private readonly ReadOnlySpan<byte> _contexts;
    private readonly ReadOnlySpan<byte> _functions;
    private uint _context;
    private int _file;
    private uint _line;
    private int _left;

    internal FrameEnumerator(
        SymCacheFile cache, ReadOnlySpan<byte> contexts, ReadOnlySpan<byte> functions, uint context, int file, uint line)
    {
        _cache = cache;
        _contexts = contexts;
        _functions = functions;
        _context = context;
        _file = file;
        _line = line;
        _left = MaxFrames;
    }

    /// <summary>The frame that the last successful <see cref="MoveNext"/> arrived at.</summary>
    public SourceFrame Current { get; private set; }

    public readonly FrameEnumerator GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0 || _cache is null || !TryReadContext(out ulong up, out ulong function, out ulong callFile, out ulong callLine))
        {
            _left = 0;
            return false;
        }

        bool inline = up != 0;
        int id = _cache.ReadFunction(_functions, function, wantEntry: !inline, out var language, out ulong? entry);
        Current = new SourceFrame(id, entry, language, _file, _line, inline);
        if (inline)
        {
            _left--;
            _context = (uint)(_context - up);
            _file = _cache.FileId(callFile);
            _line = callLine > uint.MaxValue ? 0 : (uint)callLine;
        }
        else
        {
            _left = 0;
        }

        return true;
    }

    /// <summary>A node of CTX; <paramref name="up"/> is the distance to its parent, 0 for a root.</summary>
    private readonly bool TryReadContext(out ulong up, out ulong function, out ulong callFile, out ulong callLine)
    {
        up = function = callFile = callLine = 0;
        int group = (int)(_context / ContextGroup.Size);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(_contexts[(group * 4)..]);
        int at = offset > (uint)_contexts.Length ? int.MaxValue : (int)offset;
        for (int left = (int)(_context % ContextGroup.Size); left >= 0; left--)
        {
            up = Leb.Read(_contexts, ref at);
            function = Leb.Read(_contexts, ref at);
            if (up != 0)
            {
                callFile = Leb.Read(_contexts, ref at);
                callLine = Leb.Read(_contexts, ref at);
            }
        }

        return !Leb.Failed(_contexts, at) && up <= _context;
    }
}

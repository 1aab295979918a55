using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache;

public sealed partial class SymCacheFile
{
    /// <summary>All functions with code of their own, ascending by entry.</summary>
    public FunctionEnumerator Functions => new(this);

    /// <summary>All rows, ascending by address.</summary>
    public RowEnumerator Rows => new(this);

    /// <summary>Walks FUNC and FSUM together.</summary>
    public ref struct FunctionEnumerator
    {
        private readonly SymCacheFile _cache;
        private readonly ReadOnlySpan<byte> _functions;
        private ByteReader _summaries;
        private uint _next;

        internal FunctionEnumerator(SymCacheFile cache)
        {
            _cache = cache;
            _functions = cache.View(cache._functions);
            _summaries = new ByteReader(cache.View(cache._summaries));
        }

        public SymCacheFunction Current { get; private set; }

        public readonly FunctionEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _cache._counts.Entries)
            {
                return false;
            }

            uint id = _next++;
            long attributes = (4L * _cache._counts.Functions) + (4L * _cache._counts.Entries) + id;
            byte flags = _functions[(int)attributes];
            ulong size = _summaries.ReadUleb128();
            ulong inlinees = _summaries.ReadUleb128();
            ulong depth = _summaries.ReadUleb128();
            Current = new SymCacheFunction(
                (int)id,
                _cache.EntryOf(_functions, id),
                size,
                (SourceLanguage)(flags & FunctionAttributes.LanguageMask),
                (flags & FunctionAttributes.FromDebugInfo) != 0,
                (long)Math.Min(inlinees, long.MaxValue),
                (int)Math.Min(depth, int.MaxValue));
            return true;
        }
    }

    /// <summary>Walks ROWS block by block.</summary>
    public ref struct RowEnumerator
    {
        private readonly SymCacheFile _cache;
        private BlockReader _rows;
        private long _nextBlock;

        internal RowEnumerator(SymCacheFile cache) => _cache = cache;

        public SymCacheRow Current { get; private set; }

        public readonly RowEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (!_rows.MoveNext())
            {
                if (_nextBlock >= _cache._counts.Blocks)
                {
                    return false;
                }

                _rows = new BlockReader(_cache.Block(_nextBlock), BlockStart(_cache.View(_cache._blockIndex), _cache.View(_cache._pages), _nextBlock));
                _nextBlock++;
            }

            bool known = !_rows.IsGap && _rows.Context < _cache._counts.Contexts;
            Current = new SymCacheRow(
                _rows.Address, known ? (long)_rows.Context : -1, known ? _cache.FileId(_rows.File) : 0, known ? _rows.Line : 0);
            return true;
        }
    }

    /// <summary>The frames of a row.</summary>
    public FrameEnumerator FramesOf(in SymCacheRow row) =>
        row.IsGap || row.Context >= _counts.Contexts
            ? default
            : new FrameEnumerator(this, View(_contexts), View(_functions), (uint)row.Context, row.FileId, row.Line);
}

using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Texts made lately, by number of the record. Bounded: when it is full it starts over. Not thread-safe.
/// </summary>
internal sealed class TextCache(int mostEntries, int mostBytes)
{
    private const int LongestText = 4096; // longer ones are rare and would push out the many

    private readonly Dictionary<uint, Entry> _entries = [];
    private byte[] _bytes = [];
    private int _used;

    /// <summary>False when nothing is known; <paramref name="exists"/> is false for what cannot be named.</summary>
    public bool TryGet(uint number, out bool exists, out ReadOnlySpan<byte> text)
    {
        bool known = _entries.TryGetValue(number, out var entry);
        exists = entry.Length >= 0;
        text = known && exists ? _bytes.AsSpan(entry.Offset, entry.Length) : default;
        return known;
    }

    public void Add(uint number, ReadOnlySpan<byte> text)
    {
        if (text.Length > LongestText)
        {
            return;
        }

        if (text.Length > mostBytes - _used || _entries.Count >= mostEntries)
        {
            _entries.Clear();
            _used = 0;
        }

        if (text.Length > _bytes.Length - _used)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(_bytes.Length * 2L, 64 << 10), mostBytes));
        }

        text.CopyTo(_bytes.AsSpan(_used));
        _entries[number] = new Entry(_used, text.Length);
        _used += text.Length;
    }

    public void AddMissing(uint number)
    {
        if (_entries.Count >= mostEntries)
        {
            _entries.Clear();
            _used = 0;
        }

        _entries[number] = new Entry(0, -1);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(int Offset, int Length);
}

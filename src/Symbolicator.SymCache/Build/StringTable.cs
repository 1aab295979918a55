using Symbolicator.Formats.Core;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// The strings of a pool that one section needs, sorted bytewise and numbered from 1. Groups of 16 with a table of
/// their offsets; compact groups store what differs from the string before.
/// </summary>
internal sealed class StringTable(InternPool pool)
{
    private const int GroupSize = 16;

    private readonly List<int> _used = [];
    private int[] _numbers = new int[1];

    public int Count => _used.Count;

    /// <summary>Marks a string as needed; "no string" keeps number 0.</summary>
    public void Use(StringRef text)
    {
        if (text.IsNone)
        {
            return;
        }

        if (text.Id >= _numbers.Length)
        {
            Array.Resize(ref _numbers, Math.Max(pool.StringCount + 1, text.Id + 1));
        }

        if (_numbers[text.Id] == 0)
        {
            _numbers[text.Id] = -1;
            _used.Add(text.Id);
        }
    }

    /// <summary>Known after <see cref="Sort"/>.</summary>
    public int NumberOf(StringRef text) => text.Id < _numbers.Length ? _numbers[text.Id] : 0;

    public void Sort()
    {
        _used.Sort((left, right) => pool.Get(new StringRef(left)).SequenceCompareTo(pool.Get(new StringRef(right))));
        for (int i = 0; i < _used.Count; i++)
        {
            _numbers[_used[i]] = i + 1;
        }
    }

    public SectionWriter Write(ScfSection kind, bool plain, string spillDirectory)
    {
        var offsets = new List<uint>((_used.Count + GroupSize - 1) / GroupSize);
        using var groups = new SectionWriter(kind, spillDirectory);
        long tableBytes = 4L * ((_used.Count + GroupSize - 1) / GroupSize);
        ReadOnlySpan<byte> previous = default;
        for (int i = 0; i < _used.Count; i++)
        {
            if (i % GroupSize == 0)
            {
                offsets.Add(SymCacheBuilder.Offset32(tableBytes + groups.Length, "strings"));
                previous = default;
            }

            var text = pool.Get(new StringRef(_used[i]));
            int shared = plain ? 0 : previous.CommonPrefixLength(text);
            if (!plain)
            {
                groups.WriteUleb((ulong)shared);
            }

            groups.WriteUleb((ulong)(text.Length - shared));
            groups.Write(text[shared..]);
            previous = text;
        }

        var section = new SectionWriter(kind, spillDirectory);
        section.WriteTable(offsets);
        section.Append(groups);
        return section;
    }
}

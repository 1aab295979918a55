using System.Buffers;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// The UTF-8 text of a name while it is put together, in a rented buffer. What does not fit is dropped and noted.
/// Not thread-safe.
/// </summary>
internal sealed class TypeText(int longest) : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Min(longest, 4096));

    public int Length { get; private set; }

    /// <summary>Something was dropped since the text was last shortened.</summary>
    public bool IsCut { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlySpan<byte> From(int start) => _bytes.AsSpan(start, Length - start);

    /// <summary>Shortens the text to a length that it had before.</summary>
    public void Truncate(int length)
    {
        Length = length;
        IsCut = false;
    }

    public void Append(ReadOnlySpan<byte> text)
    {
        if (text.Length > longest - Length)
        {
            IsCut = true;
            return;
        }

        if (text.Length > _bytes.Length - Length)
        {
            Grow(Length + text.Length);
        }

        text.CopyTo(_bytes.AsSpan(Length));
        Length += text.Length;
    }

    public void Append(ulong number)
    {
        Span<byte> digits = stackalloc byte[20];
        _ = number.TryFormat(digits, out int length);
        Append(digits[..length]);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Grow(int wanted)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, (int)Math.Min((long)_bytes.Length * 2, longest)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}

namespace Symbolicator.Formats.Archives;

/// <summary>Passes what is written on to another stream.</summary>
internal abstract class PassThroughStream(Stream target) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    protected Stream Target { get; } = target;

    public abstract override void Write(ReadOnlySpan<byte> buffer);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => Target.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>Computes the CRC-32 of what passes.</summary>
internal sealed class Crc32Stream(Stream target) : PassThroughStream(target)
{
    public uint Value { get; private set; }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Value = Crc32.Append(Value, buffer);
        Target.Write(buffer);
    }
}

/// <summary>Computes the Adler-32 (RFC 1950 §8.2) of what passes.</summary>
internal sealed class Adler32Stream(Stream target) : PassThroughStream(target)
{
    private const uint Modulus = 65521;
    private const int Block = 5552; // most bytes before the sums could overflow 32 bits

    private uint _low = 1;
    private uint _high;

    public uint Value => (_high << 16) | _low;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        for (var rest = buffer; !rest.IsEmpty;)
        {
            var block = rest[..Math.Min(Block, rest.Length)];
            foreach (byte b in block)
            {
                _low += b;
                _high += _low;
            }

            _low %= Modulus;
            _high %= Modulus;
            rest = rest[block.Length..];
        }

        Target.Write(buffer);
    }
}

/// <summary>Passes everything on but the last bytes.</summary>
internal sealed class HoldBackStream(Stream target, int count) : PassThroughStream(target)
{
    private readonly byte[] _held = new byte[count];
    private int _filled;

    /// <summary>The last bytes written, at most as many as are held back.</summary>
    public ReadOnlySpan<byte> Tail => _held.AsSpan(0, _filled);

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int release = Math.Max(0, _filled + buffer.Length - count);
        int fromHeld = Math.Min(release, _filled);
        Target.Write(_held, 0, fromHeld);
        _held.AsSpan(fromHeld, _filled - fromHeld).CopyTo(_held);
        _filled -= fromHeld;
        int fromBuffer = release - fromHeld;
        Target.Write(buffer[..fromBuffer]);
        buffer[fromBuffer..].CopyTo(_held.AsSpan(_filled));
        _filled += buffer.Length - fromBuffer;
    }
}

/// <summary>Reads one stream after the other.</summary>
internal sealed class ConcatenatedStream(Stream first, Stream second) : ForwardStream
{
    private bool _firstEnded;

    public override int Read(Span<byte> buffer)
    {
        if (!_firstEnded)
        {
            int read = first.Read(buffer);
            if (read != 0 || buffer.IsEmpty)
            {
                return read;
            }

            _firstEnded = true;
        }

        return second.Read(buffer);
    }
}

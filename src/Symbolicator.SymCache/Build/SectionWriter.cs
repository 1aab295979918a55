using System.Buffers.Binary;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>One section while it is written: spilled, with a running checksum.</summary>
internal sealed class SectionWriter(ScfSection kind, string spillDirectory) : IDisposable
{
    private readonly Spill _spill = new(spillDirectory);
    private readonly ByteSink _pending = new();
    private Crc32C _checksum;

    public ScfSection Kind => kind;

    /// <summary>Bytes so far.</summary>
    public long Length => _spill.Length + _pending.Length;

    public uint Checksum
    {
        get
        {
            Flush();
            return _checksum.Value;
        }
    }

    public void WriteU8(byte value)
    {
        _pending.WriteU8(value);
        FlushWhenLong();
    }

    public void WriteU32(uint value)
    {
        _pending.WriteU32(value);
        FlushWhenLong();
    }

    public void WriteUleb(ulong value)
    {
        _pending.WriteUleb(value);
        FlushWhenLong();
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 4096)
        {
            Flush();
            _checksum.Append(bytes);
            _spill.Append(bytes);
            return;
        }

        _pending.Write(bytes);
        FlushWhenLong();
    }

    /// <summary>Appends a table of 32-bit values.</summary>
    public void WriteTable(IReadOnlyList<uint> values)
    {
        Span<byte> one = stackalloc byte[sizeof(uint)];
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(one, values[i]);
            Write(one);
        }
    }

    /// <summary>Appends everything that another writer collected.</summary>
    public void Append(SectionWriter other)
    {
        other.Flush();
        byte[] chunk = new byte[64 << 10];
        for (long at = 0; at < other._spill.Length;)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, other._spill.Length - at));
            other._spill.Read(at, part);
            Write(part);
            at += part.Length;
        }
    }

    public void CopyTo(Stream output)
    {
        Flush();
        _spill.CopyTo(output);
    }

    public void Dispose() => _spill.Dispose();

    private void FlushWhenLong()
    {
        if (_pending.Length >= 4096)
        {
            Flush();
        }
    }

    private void Flush()
    {
        _checksum.Append(_pending.Written);
        _spill.Append(_pending.Written);
        _pending.Clear();
    }
}

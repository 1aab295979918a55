using Symbolicator.Formats.Core;

namespace Symbolicator.SymCache.Build;

/// <summary>Reads the rows of one run back in order. What it reads is our own spill, so nothing is checked twice.</summary>
internal sealed class RunReader
{
    private readonly byte[] _payload;
    private readonly ContextNode[] _nodes;
    private int _position;

    public RunReader(byte[] payload, ulong start)
    {
        _payload = payload;
        var bytes = new ByteReader(payload);
        _nodes = new ContextNode[(int)bytes.ReadUleb128()];
        _nodes[0] = new ContextNode(0, 0, 0, 0) { Id = -1 };
        for (int i = 1; i < _nodes.Length; i++)
        {
            _nodes[i] = new ContextNode(
                (int)bytes.ReadUleb128(), (int)bytes.ReadUleb128(), (int)bytes.ReadUleb128(), (uint)bytes.ReadUleb128());
        }

        _position = bytes.Position;
        NextAddress = start;
        ReadAhead();
    }

    private static ReadOnlySpan<byte> OneRowWithoutLine => [1, 0, 0, 0, 0];

    /// <summary>A symbol has no payload: one row without file and line.</summary>
    public static RunReader OfSymbol(ulong start) => new(OneRowWithoutLine.ToArray(), start);

    /// <summary>Bytes that this reader holds.</summary>
    public long Bytes => _payload.Length + (24L * _nodes.Length);

    public int Context { get; private set; }

    public int File { get; private set; }

    public uint Line { get; private set; }

    /// <summary>Where the row after the current one starts; the largest address when there is none.</summary>
    public ulong NextAddress { get; private set; }

    public ref ContextNode this[int context] => ref _nodes[context];

    public void MoveNext()
    {
        var bytes = new ByteReader(_payload);
        bytes.Seek((ulong)_position);
        Context = (int)bytes.ReadUleb128();
        File = (int)bytes.ReadUleb128();
        Line = (uint)bytes.ReadUleb128();
        _position = bytes.Position;
        ReadAhead();
    }

    private void ReadAhead()
    {
        var bytes = new ByteReader(_payload);
        bytes.Seek((ulong)_position);
        if (bytes.AtEnd)
        {
            NextAddress = ulong.MaxValue;
            return;
        }

        NextAddress += bytes.ReadUleb128();
        _position = bytes.Position;
    }

    /// <summary>An inlined call, and its id in the cache once it has one.</summary>
    internal record struct ContextNode(int Parent, int Function, int File, uint Line)
    {
        public long Id = -1;
    }
}

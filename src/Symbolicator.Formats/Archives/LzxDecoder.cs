using System.Buffers.Binary;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Decompresses LZX as cabinets have it: frames of 32 KiB, each in input of its own, over one window ("LZX Data
/// Compression Format", with the corrections of [MS-PATCH] §2.1 to 2.7). Memory is the window. After a failure the decoder
/// is of no more use.
/// </summary>
internal sealed class LzxDecoder
{
    /// <summary>Bytes of content in every frame but the last.</summary>
    public const int FrameBytes = 1 << 15;

    /// <summary>Logarithm of the smallest window.</summary>
    public const int SmallestWindow = 15;

    /// <summary>Logarithm of the largest window.</summary>
    public const int LargestWindow = 21;

    private const int Literals = 256;
    private const int LengthSymbols = 249;
    private const int AlignedSymbols = 8;
    private const int PreSymbols = 20;
    private const int ShortestMatch = 2;
    private const int LongestHeaderLength = 7;
    private const int TranslatedFrames = 1 << 15; // the first GiB
    private const int TranslationMargin = 10;
    private const int Verbatim = 1;
    private const int Aligned = 2;
    private const int Uncompressed = 3;

    private static readonly int[] Bases = MakeBases();

    private readonly byte[] _window;
    private readonly LzxCode _main;
    private readonly LzxCode _length = new(LengthSymbols);
    private readonly LzxCode _aligned = new(AlignedSymbols);
    private readonly LzxCode _pre = new(PreSymbols);
    private uint _recent0 = 1, _recent1 = 1, _recent2 = 1; // offsets of the last matches
    private long _produced;
    private int _translation; // size of the file whose calls are relative, 0 for none
    private int _block;
    private int _blockLeft;
    private bool _isOdd; // the uncompressed block has an odd length
    private bool _isPadded; // so a byte is still to be skipped behind it

    /// <param name="windowLog">From <see cref="SmallestWindow"/> to <see cref="LargestWindow"/>.</param>
    public LzxDecoder(int windowLog)
    {
        _window = new byte[1 << windowLog];
        int slots = windowLog switch { 21 => 50, 20 => 42, _ => 2 * windowLog };
        _main = new LzxCode(Literals + (8 * slots));
    }

    /// <summary>Decodes the next frame; false when it is damaged.</summary>
    /// <param name="input">All bytes of the frame.</param>
    /// <param name="frame">Takes the content: <see cref="FrameBytes"/>, or less for the last one.</param>
    public bool TryDecode(ReadOnlySpan<byte> input, Span<byte> frame)
    {
        var bits = new LzxBits(input);
        if (_produced == 0 && bits.Read(1) != 0)
        {
            _translation = unchecked((bits.Read(16) << 16) | bits.Read(16));
        }

        // Frames are aligned in the window, because its size is a multiple of theirs: none wraps around its end.
        int start = (int)(_produced & (_window.Length - 1));
        int end = start + frame.Length;
        for (int at = start; at < end;)
        {
            if (_blockLeft == 0 && !TryStartBlock(ref bits))
            {
                return false;
            }

            int run = Math.Min(_blockLeft, end - at);
            bool read = _block switch
            {
                Verbatim => TryReadCodes(ref bits, at, run, isAligned: false),
                Aligned => TryReadCodes(ref bits, at, run, isAligned: true),
                _ => TryReadBytes(ref bits, at, run),
            };
            if (!read || bits.IsOverrun)
            {
                return false;
            }

            at += run;
            _blockLeft -= run;
            _isPadded = _block == Uncompressed && _blockLeft == 0 && _isOdd;
        }

        // An encoder that flushes a frame as soon as it is full has the padding in the next one, others have it in this.
        _isPadded &= bits.Unread != 1;
        _window.AsSpan(start, frame.Length).CopyTo(frame);
        if (_translation != 0 && _produced < (long)TranslatedFrames * FrameBytes)
        {
            Translate(frame, (int)_produced, _translation);
        }

        _produced += frame.Length;
        return true;
    }

    private bool TryStartBlock(ref LzxBits bits)
    {
        if (_isPadded)
        {
            bits.TryReadBytes(1, out _);
        }

        _block = bits.Read(3);
        _blockLeft = (bits.Read(16) << 8) | bits.Read(8);
        bool started = _block switch
        {
            Verbatim => TryReadCodeLengths(ref bits),
            Aligned => TryReadAligned(ref bits) && TryReadCodeLengths(ref bits),
            Uncompressed => TryReadRecent(ref bits),
            _ => false,
        };
        return started && !bits.IsOverrun;
    }

    private bool TryReadAligned(ref LzxBits bits)
    {
        foreach (ref byte length in _aligned.Lengths.AsSpan())
        {
            length = (byte)bits.Read(3);
        }

        return _aligned.TryBuild();
    }

    private bool TryReadCodeLengths(ref LzxBits bits) =>
        TryReadLengths(ref bits, _main.Lengths.AsSpan(0, Literals))
        && TryReadLengths(ref bits, _main.Lengths.AsSpan(Literals)) && _main.TryBuild()
        && TryReadLengths(ref bits, _length.Lengths) && _length.TryBuild();

    /// <summary>Lengths are differences, modulo 17, to those of the block before, themselves in a code of 20 symbols.</summary>
    private bool TryReadLengths(ref LzxBits bits, Span<byte> lengths)
    {
        foreach (ref byte length in _pre.Lengths.AsSpan())
        {
            length = (byte)bits.Read(4);
        }

        if (!_pre.TryBuild())
        {
            return false;
        }

        for (int at = 0; at < lengths.Length;)
        {
            int symbol = _pre.Read(ref bits);
            int run = 1;
            byte value = 0;
            switch (symbol)
            {
                case < 0:
                    return false;
                case 17:
                    run = 4 + bits.Read(4);
                    break;
                case 18:
                    run = 20 + bits.Read(5);
                    break;
                case 19:
                    run = 4 + bits.Read(1);
                    symbol = _pre.Read(ref bits);
                    if (symbol is < 0 or > 16)
                    {
                        return false;
                    }

                    value = Difference(lengths[at], symbol);
                    break;
                default:
                    value = Difference(lengths[at], symbol);
                    break;
            }

            if (run > lengths.Length - at)
            {
                return false;
            }

            lengths.Slice(at, run).Fill(value);
            at += run;
        }

        return true;
    }

    private static byte Difference(byte old, int symbol) => (byte)(old >= symbol ? old - symbol : old - symbol + 17);

    private bool TryReadRecent(ref LzxBits bits)
    {
        bits.AlignToBytes();
        if (!bits.TryReadBytes(12, out var offsets))
        {
            return false;
        }

        _recent0 = BinaryPrimitives.ReadUInt32LittleEndian(offsets);
        _recent1 = BinaryPrimitives.ReadUInt32LittleEndian(offsets[4..]);
        _recent2 = BinaryPrimitives.ReadUInt32LittleEndian(offsets[8..]);
        _isOdd = (_blockLeft & 1) != 0;
        return true;
    }

    private bool TryReadBytes(ref LzxBits bits, int at, int run)
    {
        if (!bits.TryReadBytes(run, out var bytes))
        {
            return false;
        }

        bytes.CopyTo(_window.AsSpan(at));
        return true;
    }

    /// <summary>Literals and matches. A match ends in its frame and in its block.</summary>
    private bool TryReadCodes(ref LzxBits bits, int start, int run, bool isAligned)
    {
        byte[] window = _window;
        long before = _produced - (_produced & (window.Length - 1)); // content in front of the window's first byte
        for (int at = start, end = start + run; at < end;)
        {
            int symbol = _main.Read(ref bits);
            if (symbol < Literals)
            {
                if (symbol < 0)
                {
                    return false;
                }

                window[at++] = (byte)symbol;
                continue;
            }

            int length = (symbol - Literals) & 7;
            if (length == LongestHeaderLength)
            {
                int more = _length.Read(ref bits);
                if (more < 0)
                {
                    return false;
                }

                length += more;
            }

            length += ShortestMatch;
            if (!TryReadOffset(ref bits, (symbol - Literals) >> 3, isAligned, out uint offset)
                || length > end - at || offset == 0 || offset > Math.Min(window.Length, before + at))
            {
                return false;
            }

            CopyMatch(window, at, (int)offset, length);
            at += length;
        }

        return true;
    }

    private bool TryReadOffset(ref LzxBits bits, int slot, bool isAligned, out uint offset)
    {
        switch (slot)
        {
            case 0:
                offset = _recent0;
                return true;
            case 1:
                offset = _recent1;
                _recent1 = _recent0;
                _recent0 = offset;
                return true;
            case 2:
                offset = _recent2;
                _recent2 = _recent0;
                _recent0 = offset;
                return true;
        }

        int extra = ExtraBits(slot);
        int distance = Bases[slot] - 2;
        if (isAligned && extra >= 3)
        {
            distance += bits.Read(extra - 3) << 3;
            int low = _aligned.Read(ref bits);
            if (low < 0)
            {
                offset = 0;
                return false;
            }

            distance += low;
        }
        else
        {
            distance += bits.Read(extra);
        }

        offset = (uint)distance;
        _recent2 = _recent1;
        _recent1 = _recent0;
        _recent0 = offset;
        return true;
    }

    private static void CopyMatch(byte[] window, int at, int offset, int length)
    {
        int from = at - offset;
        if (from >= 0 && offset >= length)
        {
            window.AsSpan(from, length).CopyTo(window.AsSpan(at));
            return;
        }

        int mask = window.Length - 1;
        for (int i = 0; i < length; i++)
        {
            window[at + i] = window[(from + i) & mask];
        }
    }

    /// <summary>Makes the absolute targets of x86 calls (E8), which compress better, relative again.</summary>
    private static void Translate(Span<byte> frame, int position, int size)
    {
        for (int at = 0; at < frame.Length - TranslationMargin; at++)
        {
            int next = frame[at..^TranslationMargin].IndexOf((byte)0xe8);
            if (next < 0)
            {
                return;
            }

            at += next;
            int current = position + at;
            var operand = frame.Slice(at + 1, sizeof(int));
            int target = BinaryPrimitives.ReadInt32LittleEndian(operand);
            if (target >= -current && target < size)
            {
                BinaryPrimitives.WriteInt32LittleEndian(operand, target >= 0 ? target - current : unchecked(target + size));
            }

            at += sizeof(int);
        }
    }

    private static int ExtraBits(int slot) => slot < 4 ? 0 : Math.Min((slot / 2) - 1, 17);

    private static int[] MakeBases()
    {
        int[] bases = new int[50];
        for (int slot = 1; slot < bases.Length; slot++)
        {
            bases[slot] = bases[slot - 1] + (1 << ExtraBits(slot - 1));
        }

        return bases;
    }
}

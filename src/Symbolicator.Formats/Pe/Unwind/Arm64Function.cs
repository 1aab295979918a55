using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Unwind codes of one function and where its epilogs are, read from an .xdata record or expanded from a packed one.</summary>
internal readonly ref struct Arm64Function
{
    /// <summary>An .xdata record is not longer: two header words, scopes and codes.</summary>
    public const int MaxBytes = (2 + 0xffff + 0xff) * WordBytes;

    private const int WordBytes = 4;
    private const uint ScopeStartMask = 0x3_ffff;
    private const int ScopeIndexShift = 22;

    private readonly ReadOnlySpan<byte> _scopes;
    private readonly int _epilogAtEnd;
    private readonly bool _isFragment;

    private Arm64Function(
        uint length, ReadOnlySpan<byte> codes, long codesOffset, ReadOnlySpan<byte> scopes, int epilogAtEnd, bool isFragment = false)
    {
        Length = length;
        Codes = codes;
        CodesOffset = codesOffset;
        _scopes = scopes;
        _epilogAtEnd = epilogAtEnd;
        _isFragment = isFragment;
    }

    /// <summary>Bytes of code.</summary>
    public uint Length { get; }

    public ReadOnlySpan<byte> Codes { get; }

    /// <summary>Offset in the file of the codes or of the packed record, for faults.</summary>
    public long CodesOffset { get; }

    /// <summary>A part of a function that does not begin with its prolog.</summary>
    public bool IsFragment => _isFragment || Codes is [Arm64UnwindByte.EndChained, ..];

    /// <summary>Bytes of code that a record covers, from its header alone.</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> xdata, out uint length)
    {
        bool read = BinaryPrimitives.TryReadUInt32LittleEndian(xdata, out uint header);
        length = (header & ScopeStartMask) * WordBytes;
        return read;
    }

    /// <summary>Reads an .xdata record (Microsoft, "ARM64 exception handling", .xdata records); its window may be longer.</summary>
    public static Arm64Function Read(ReadOnlySpan<byte> xdata, long origin, out ParseFault fault)
    {
        var reader = new ByteReader(xdata, origin: origin);
        uint header = reader.ReadU32();
        uint length = (header & ScopeStartMask) * WordBytes;
        bool isSingle = (header >> 21 & 1) != 0;
        uint epilogs = header >> 22 & 0x1f;
        uint words = header >> 27;
        if ((header >> 18 & 3) != 0)
        {
            reader.Fail(MalformedReason.BadVersion);
        }

        if (epilogs == 0 && words == 0)
        {
            uint extension = reader.ReadU32();
            epilogs = extension & 0xffff;
            words = extension >> 16 & 0xff;
        }

        var scopes = reader.ReadBytes(isSingle ? 0 : epilogs * WordBytes);
        long at = reader.FileOffset;
        var codes = reader.ReadBytes(words * WordBytes);
        fault = reader.Fault;
        return new Arm64Function(length, codes, at, scopes, isSingle ? (int)epilogs : -1);
    }

    /// <summary>Writes the codes of a packed record to a buffer of <see cref="Arm64PackedUnwind.MaxCodeBytes"/>.</summary>
    public static Arm64Function Expand(Arm64PackedUnwind packed, Span<byte> buffer, long origin, out ParseFault fault)
    {
        int length = packed.Expand(buffer, out int epilog);
        fault = length == 0 ? new ParseFault(MalformedReason.BadValue, origin) : default;
        return new Arm64Function(packed.Length, buffer[..length], origin, default, epilog, packed.IsFragment);
    }

    /// <summary>
    /// The first code to undo at an offset in the function: prologs have not done all of it yet, epilogs have undone some.
    /// -1 when a code on the way is not valid.
    /// </summary>
    public int FirstCode(uint offset)
    {
        if (_isFragment)
        {
            return 0;
        }

        uint instruction = offset / WordBytes;
        int prolog = CountInstructions(0);
        if (prolog < 0 || instruction < (uint)prolog)
        {
            return prolog < 0 ? -1 : Skip(0, prolog - (int)instruction);
        }

        uint start;
        int index = _epilogAtEnd;
        if (index < 0)
        {
            if (!TryFindScope(instruction, out start, out index))
            {
                return 0;
            }
        }
        else
        {
            start = 0;
        }

        int count = CountInstructions(index);
        if (count < 0 || index > Codes.Length)
        {
            return -1;
        }

        // One more instruction returns.
        uint size = (uint)count + 1;
        if (_epilogAtEnd >= 0)
        {
            start = Math.Max(Length / WordBytes, size) - size;
        }

        return instruction >= start && instruction - start < size ? Skip(index, (int)(instruction - start)) : 0;
    }

    /// <summary>The last scope that starts at or before an instruction: they are ascending and do not overlap.</summary>
    private bool TryFindScope(uint instruction, out uint start, out int index)
    {
        int low = 0;
        int high = _scopes.Length / WordBytes;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if ((Scope(middle) & ScopeStartMask) <= instruction)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        uint scope = low == 0 ? 0 : Scope(low - 1);
        start = scope & ScopeStartMask;
        index = (int)(scope >> ScopeIndexShift);
        return low > 0;
    }

    private uint Scope(int number) => BinaryPrimitives.ReadUInt32LittleEndian(_scopes[(number * WordBytes)..]);

    /// <summary>Instructions of the codes from a position to their end; -1 when one of them is not valid.</summary>
    private int CountInstructions(int at)
    {
        int count = 0;
        while (at < Codes.Length)
        {
            var code = Arm64UnwindCode.Read(Codes, at);
            switch (code.Operation)
            {
                case Arm64Operation.Invalid:
                    return -1;
                case Arm64Operation.End or Arm64Operation.EndChained:
                    return count;
            }

            count += code.Instructions;
            at += code.Size;
        }

        return count;
    }

    /// <summary>Position behind the codes of some instructions, which have been counted before.</summary>
    private int Skip(int at, int instructions)
    {
        while (instructions > 0 && at < Codes.Length)
        {
            var code = Arm64UnwindCode.Read(Codes, at);
            instructions -= code.Instructions;
            if (code.Operation is Arm64Operation.End or Arm64Operation.EndChained)
            {
                break;
            }

            at += code.Size;
        }

        return at;
    }
}

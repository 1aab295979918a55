using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind.Cpu;

/// <summary>
/// Recognises calls by their encoding: a return address follows one (Intel SDM vol. 2 CALL; Arm ARM BL, BLX, BLR).
/// </summary>
internal static class CallCode
{
    /// <summary>Bytes before a return address that are looked at: the longest call.</summary>
    public const int Window = 8;

    // Intel SDM vol. 2 §2.1.5, table 2-2
    private const int OpcodeCallRelative = 0xe8;
    private const int OpcodeGroup5 = 0xff;
    private const int Group5Call = 2;

    /// <summary>True when the code ends with a call.</summary>
    /// <param name="family">CPU.</param>
    /// <param name="code"><see cref="Window"/> bytes that end where the return address points.</param>
    /// <param name="thumb">The return address selects Thumb.</param>
    public static bool EndsWithCall(CpuFamily family, ReadOnlySpan<byte> code, bool thumb) => family switch
    {
        CpuFamily.X86 or CpuFamily.Amd64 => IsX86(code),
        CpuFamily.Arm64 => IsArm64(BinaryPrimitives.ReadUInt32LittleEndian(code[4..])),
        CpuFamily.Arm when thumb => IsThumb(BinaryPrimitives.ReadUInt16LittleEndian(code[4..]), BinaryPrimitives.ReadUInt16LittleEndian(code[6..])),
        CpuFamily.Arm => IsArm(BinaryPrimitives.ReadUInt32LittleEndian(code), BinaryPrimitives.ReadUInt32LittleEndian(code[4..])),
        _ => true,
    };

    private static bool IsX86(ReadOnlySpan<byte> code)
    {
        if (code[^5] == OpcodeCallRelative)
        {
            return true;
        }

        for (int length = 2; length <= 7; length++)
        {
            var call = code[^length..];
            if (call[0] == OpcodeGroup5 && (call[1] >> 3 & 7) == Group5Call && IndirectLength(call) == length)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Bytes of opcode, ModRM, SIB and displacement.</summary>
    private static int IndirectLength(ReadOnlySpan<byte> call)
    {
        int mode = call[1] >> 6;
        int operand = call[1] & 7;
        bool hasIndex = mode != 3 && operand == 4;
        int length = hasIndex ? 3 : 2;
        return mode switch
        {
            0 when operand == 5 || hasIndex && call.Length > 2 && (call[2] & 7) == 5 => length + 4,
            1 => length + 1,
            2 => length + 4,
            _ => length,
        };
    }

    // BL; BLR with and without authentication
    private static bool IsArm64(uint word) => (word & 0xfc00_0000) == 0x9400_0000 || (word & 0xfeff_f000) == 0xd63f_0000;

    // BL and BLX of two halves; BLX of a register
    private static bool IsThumb(ushort first, ushort second) =>
        (first & 0xf800) == 0xf000 && (second & 0xc000) == 0xc000 || (second & 0xff87) == 0x4780;

    // BL of any condition, BLX of an offset, BLX of a register; mov lr, pc before a branch of ARMv4
    private static bool IsArm(uint before, uint word) =>
        (word & 0xf000_0000) != 0xf000_0000 && ((word & 0x0f00_0000) == 0x0b00_0000 || (word & 0x0fff_fff0) == 0x012f_ff30)
        || (word & 0xfe00_0000) == 0xfa00_0000
        || before == 0xe1a0_e00f;
}

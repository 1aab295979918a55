using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Where a record of code says the code is, and what it is called.</summary>
/// <param name="Code">As <see cref="SourceAddress"/>; empty when the record is too short.</param>
/// <param name="Type">Type or item index, 0 for none.</param>
/// <param name="Name">As recorded.</param>
internal readonly ref struct ProcedureRecord(AddressRange code, uint type, ReadOnlySpan<byte> name)
{
    private const int ProcedureBytes = 35; // PROCSYM32 up to the name
    private const int ThunkBytes = 21; // THUNKSYM32
    private const int SeparatedBytes = 28; // SEPCODESYM
    private const int TrampolineBytes = 16; // TRAMPOLINESYM

    public AddressRange Code { get; } = code;

    public uint Type { get; } = type;

    public ReadOnlySpan<byte> Name { get; } = name;

    /// <summary>S_GPROC32 and its kin.</summary>
    public static ProcedureRecord OfProcedure(ReadOnlySpan<byte> body, bool hasCountedName) => body.Length < ProcedureBytes
        ? default
        : new ProcedureRecord(Range(U16(body, 32), U32(body, 28), U32(body, 12)), U32(body, 24), Text(body[ProcedureBytes..], hasCountedName));

    /// <summary>S_THUNK32.</summary>
    public static ProcedureRecord OfThunk(ReadOnlySpan<byte> body, bool hasCountedName) => body.Length < ThunkBytes
        ? default
        : new ProcedureRecord(Range(U16(body, 16), U32(body, 12), U16(body, 18)), 0, Text(body[ThunkBytes..], hasCountedName));

    /// <summary>S_SEPCODE; the parent is the address of the code around it.</summary>
    public static ProcedureRecord OfSeparatedCode(ReadOnlySpan<byte> body, out ulong parent)
    {
        parent = 0;
        if (body.Length < SeparatedBytes)
        {
            return default;
        }

        parent = SourceAddress.Of(U16(body, 26), U32(body, 20));
        return new ProcedureRecord(Range(U16(body, 24), U32(body, 16), U32(body, 8)), 0, default);
    }

    /// <summary>S_TRAMPOLINE; the target is where it leads.</summary>
    public static ProcedureRecord OfTrampoline(ReadOnlySpan<byte> body, out ulong target)
    {
        target = 0;
        if (body.Length < TrampolineBytes)
        {
            return default;
        }

        target = SourceAddress.Of(U16(body, 14), U32(body, 8));
        return new ProcedureRecord(Range(U16(body, 12), U32(body, 4), U16(body, 2)), 0, default);
    }

    private static AddressRange Range(ushort section, uint offset, uint length) =>
        section == 0 ? default : SourceAddress.Range(SourceAddress.Of(section, offset), length);

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes, bool isCounted)
    {
        if (isCounted)
        {
            return bytes.IsEmpty ? default : bytes.Slice(1, Math.Min(bytes[0], bytes.Length - 1));
        }

        int end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    private static uint U32(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadUInt32LittleEndian(body[at..]);

    private static ushort U16(ReadOnlySpan<byte> body, int at) => BinaryPrimitives.ReadUInt16LittleEndian(body[at..]);
}

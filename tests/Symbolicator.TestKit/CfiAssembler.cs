using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes the entries of a .debug_frame or .eh_frame section. Instructions are given as bytes by their DWARF encoding.
/// </summary>
public sealed class CfiAssembler(bool eh, int addressSize = 8, bool bigEndian = false, bool dwarf64 = false)
{
    private readonly ByteBuilder _bytes = new(bigEndian);

    public int Length => _bytes.Length;

    /// <summary>A common entry; <paramref name="fields"/> follow the augmentation string of any kind but "z…".</summary>
    /// <returns>Its offset.</returns>
    public int Common(
        byte[] instructions, string augmentation = "", byte[]? augmentationData = null, int version = 1,
        ulong codeAlignment = 1, long dataAlignment = -8, ulong returnRegister = 16, byte[]? fields = null)
    {
        int start = _bytes.Length;
        Entry(body =>
        {
            Identifier(body, eh ? 0 : ulong.MaxValue);
            body.U8(version).CString(augmentation);
            if (version >= 4)
            {
                body.U8(addressSize).U8(0);
            }

            body.Bytes(fields ?? []).Uleb(codeAlignment).Sleb(dataAlignment);
            if (version == 1)
            {
                body.U8((int)returnRegister);
            }
            else
            {
                body.Uleb(returnRegister);
            }

            if (augmentationData is not null)
            {
                body.Uleb((ulong)augmentationData.Length).Bytes(augmentationData);
            }

            body.Bytes(instructions);
        });
        return start;
    }

    /// <summary>A function whose addresses have the size of an address.</summary>
    /// <returns>Its offset.</returns>
    public int Function(int common, ulong start, ulong size, byte[] instructions, byte[]? augmentationData = null) =>
        Function(common, body => body.Unsigned(start, addressSize).Unsigned(size, addressSize), instructions, augmentationData);

    /// <summary>A function whose addresses are written by <paramref name="addresses"/>.</summary>
    /// <returns>Its offset.</returns>
    public int Function(int common, Action<ByteBuilder> addresses, byte[] instructions, byte[]? augmentationData = null)
    {
        int start = _bytes.Length;
        Entry(body =>
        {
            Identifier(body, eh ? (ulong)(body.Length - common) : (ulong)common);
            addresses(body);
            if (augmentationData is not null)
            {
                body.Uleb((ulong)augmentationData.Length).Bytes(augmentationData);
            }

            body.Bytes(instructions);
        });
        return start;
    }

    public CfiAssembler Terminator()
    {
        _bytes.U32(0);
        return this;
    }

    /// <summary>Any bytes between entries.</summary>
    public CfiAssembler Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Bytes(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();

    private void Entry(Action<ByteBuilder> body)
    {
        if (dwarf64)
        {
            _bytes.U32(uint.MaxValue);
        }

        _bytes.WithLength(dwarf64 ? 8 : 4, body);
    }

    private void Identifier(ByteBuilder body, ulong value) => body.Unsigned(value, dwarf64 && !eh ? 8 : 4);
}

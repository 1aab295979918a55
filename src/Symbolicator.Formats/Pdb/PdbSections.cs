using System.Buffers.Binary;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>A section of the image as symbols count them.</summary>
internal readonly record struct PdbSection(uint Address, uint Size, uint Characteristics)
{
    private const uint CodeFlags = 0x2000_0020; // IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_CNT_CODE

    public ulong End => (ulong)Address + Size;

    public bool IsCode => (Characteristics & CodeFlags) != 0;
}

/// <summary>Section headers of the image, copied into the PDB by the linker.</summary>
internal static class PdbSections
{
    private const int HeaderBytes = 40; // IMAGE_SECTION_HEADER
    private const int VirtualSizeAt = 8;
    private const int VirtualAddressAt = 12;
    private const int CharacteristicsAt = 36;
    private const int Most = 0xffff; // symbols count them in 16 bits

    public static PdbSection[] Read(MsfReader stream)
    {
        var sections = new PdbSection[Math.Min(stream.Length / HeaderBytes, Most)];
        for (int i = 0; i < sections.Length; i++)
        {
            if (!stream.TryRead((long)i * HeaderBytes, HeaderBytes, out var header))
            {
                return sections[..i];
            }

            sections[i] = new PdbSection(
                BinaryPrimitives.ReadUInt32LittleEndian(header[VirtualAddressAt..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[VirtualSizeAt..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[CharacteristicsAt..]));
        }

        return sections;
    }
}

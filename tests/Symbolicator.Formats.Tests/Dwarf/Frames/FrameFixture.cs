using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf.Frames;

/// <summary>Call frame sections of a fixture, found by a minimal walk over its section headers.</summary>
internal static class FrameFixture
{
    public static DwarfFrameSections Open(string path, CpuFamily cpu)
    {
        byte[] file = File.ReadAllBytes(path);
        bool is64 = file[4] == 2;
        var bytes = new MemoryFileBytes(file);
        return new DwarfFrameSections
        {
            BigEndian = false,
            Cpu = cpu,
            AddressSize = is64 ? 8 : 4,
            ImageBase = 0,
            DebugFrame = Find(file, bytes, is64, ".debug_frame"),
            EhFrame = Find(file, bytes, is64, ".eh_frame"),
        };
    }

    public static DwarfFrameSections OpenFixture(string name, CpuFamily cpu) => Open(Fixture.Path("elf/" + name), cpu);

    private static Section Find(byte[] file, FileBytes bytes, bool is64, string name)
    {
        int headers = (int)Word(file, is64 ? 0x28 : 0x20, is64);
        int size = Half(file, is64 ? 0x3a : 0x2e);
        int count = Half(file, is64 ? 0x3c : 0x30);
        int names = headers + Half(file, is64 ? 0x3e : 0x32) * size;
        int nameTable = (int)Word(file, names + (is64 ? 0x18 : 0x10), is64);
        for (int i = 0; i < count; i++)
        {
            int at = headers + i * size;
            int start = nameTable + (int)Word(file, at, false);
            int end = Array.IndexOf(file, (byte)0, start);
            if (Encoding.ASCII.GetString(file, start, end - start) == name)
            {
                var range = new ByteRange(
                    (long)Word(file, at + (is64 ? 0x18 : 0x10), is64), (long)Word(file, at + (is64 ? 0x20 : 0x14), is64));
                return new Section(bytes, range, Word(file, at + (is64 ? 0x10 : 0x0c), is64));
            }
        }

        return default;
    }

    private static int Half(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static ulong Word(byte[] file, int at, bool is64) => is64
        ? BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at))
        : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
}

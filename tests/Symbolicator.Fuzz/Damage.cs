using System.Text;

namespace Symbolicator.Fuzz;

/// <summary>Damages files in reproducible ways: the same file and seed give the same bytes.</summary>
internal static class Damage
{
    private const int MostChanges = 6;

    private static readonly ulong[] Extremes =
        [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, ulong.MaxValue];

    private static readonly string[] Fields =
        ["0", "1", "-1", "ffffffff", "7fffffff", "ffffffffffffffff", "fffffffffffffffe", "4294967295", "99999999999999999999", "INIT", ".cfa:", "^", "=", "m", ""];

    public static byte[] Apply(byte[] original, int seed)
    {
        var dice = new Random(seed);
        bool isText = original.AsSpan().StartsWith("MODULE "u8);
        byte[] file = isText && dice.Next(4) != 0 ? Lines(original, dice) : Bytes(original, dice);
        Layout.Repair(file);
        return file;
    }

    private static byte[] Bytes(byte[] original, Random dice)
    {
        byte[] file = [.. original];
        var parts = Layout.Parts(original);
        for (int changes = dice.Next(1, MostChanges + 1); changes > 0; changes--)
        {
            var (offset, length) = parts[dice.Next(parts.Count)];
            Change(file, offset, length, dice);
        }

        return dice.Next(16) == 0 ? file[..dice.Next(4, file.Length + 1)] : file;
    }

    private static void Change(byte[] file, int offset, int length, Random dice)
    {
        int at = offset + dice.Next(length);
        int left = offset + length - at;
        switch (dice.Next(7))
        {
            case 0:
                file[at] ^= (byte)(1 << dice.Next(8));
                break;
            case 1:
                file[at] = (byte)dice.Next(256);
                break;
            case 2 or 3:
                int size = Math.Min(1 << dice.Next(4), left);
                at = Math.Max(offset, at - ((at - offset) % size));
                ulong value = Extremes[dice.Next(Extremes.Length)];
                bool big = dice.Next(4) == 0;
                for (int i = 0; i < size; i++)
                {
                    file[at + i] = (byte)((value >> (8 * (big ? size - 1 - i : i))) & 0xff);
                }

                break;
            case 4:
                int count = Math.Min(dice.Next(1, 64), left);
                int from = offset + dice.Next(length - count + 1);
                Buffer.BlockCopy(file, from, file, at, count);
                break;
            case 5:
                file.AsSpan(at, Math.Min(dice.Next(1, 24), left)).Fill((byte)(dice.Next(2) * 0xff));
                break;
            default: // a number of several bytes, LEB128
                for (int i = dice.Next(1, 11); i > 0 && left > 1; i--, left--)
                {
                    file[at++] |= 0x80;
                }

                break;
        }
    }

    private static byte[] Lines(byte[] original, Random dice)
    {
        var lines = Encoding.Latin1.GetString(original).Split('\n').ToList();
        for (int changes = dice.Next(1, (2 * MostChanges) + 1); changes > 0; changes--)
        {
            int at = dice.Next(1, Math.Max(2, lines.Count)) % lines.Count;
            switch (dice.Next(5))
            {
                case 0:
                    lines.Insert(at, lines[dice.Next(lines.Count)]);
                    break;
                case 1 when lines.Count > 1:
                    lines.RemoveAt(at);
                    break;
                default:
                    string[] fields = lines[at].Split(' ');
                    fields[dice.Next(fields.Length)] = Fields[dice.Next(Fields.Length)];
                    lines[at] = string.Join(' ', fields);
                    break;
            }
        }

        return Encoding.Latin1.GetBytes(string.Join('\n', lines));
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RtMatching.Tests.Documents;

/// <summary>Small PDF files, object by object (PDF 1.7, section 7.5).</summary>
internal sealed class PdfBuilder
{
    private static readonly byte[] Padding = Convert.FromHexString("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A");

    private readonly List<byte[]> _objects = [];
    private string _trailer = "";

    public static byte[] WithText(params string[] lines) => WithPages(lines);

    public static byte[] WithPages(params string[][] pages) => new PdfBuilder().AddPages(pages).Build();

    public static byte[] Blank() => WithText();

    public static byte[] WithoutPages() =>
        new PdfBuilder().Add("<< /Type /Catalog /Pages 2 0 R >>").Add("<< /Type /Pages /Kids [] /Count 0 >>").Build();

    /// <summary>A page tree that claims many pages, and has one.</summary>
    public static byte[] ClaimingPages(int count) => new PdfBuilder().AddPages([["A claim"]], count).Build();

    /// <summary>A black square of 600 x 600 pixels and no text.</summary>
    public static byte[] Scan()
    {
        var pixels = new byte[600 * 600 / 8];
        return new PdfBuilder().Add("<< /Type /Catalog /Pages 2 0 R >>").Add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
            .Add("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>")
            .AddStream("", "q 500 0 0 500 50 50 cm /I Do Q"u8.ToArray())
            .AddStream("/Type /XObject /Subtype /Image /Width 600 /Height 600 /ColorSpace /DeviceGray /BitsPerComponent 1", pixels).Build();
    }

    /// <summary>With a user password: the standard security handler, revision 2 (section 7.6.3).</summary>
    public static byte[] Encrypted(string password)
    {
        var builder = new PdfBuilder().AddPages([["Secret"]]);
        var padded = Encoding.ASCII.GetBytes(password).Concat(Padding).Take(32).ToArray();
        var id = new byte[16];
        var owner = Rc4(MD5.HashData(padded)[..5], padded);
        var key = MD5.HashData([.. padded, .. owner, 0xFC, 0xFF, 0xFF, 0xFF, .. id])[..5];
        var user = Rc4(key, Padding);
        builder._trailer = $"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{Convert.ToHexString(owner)}> /U <{Convert.ToHexString(user)}> >> "
            + $"/ID [<{Convert.ToHexString(id)}> <{Convert.ToHexString(id)}>]";
        return builder.Build();
    }

    private PdfBuilder AddPages(string[][] pages, int? claimed = null)
    {
        var kids = string.Join(' ', pages.Select((_, i) => $"{4 + (2 * i)} 0 R"));
        Add("<< /Type /Catalog /Pages 2 0 R >>").Add($"<< /Type /Pages /Kids [{kids}] /Count {claimed ?? pages.Length} >>")
            .Add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        for (var i = 0; i < pages.Length; i++)
            Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + (2 * i)} 0 R /Resources << /Font << /F 3 0 R >> >> >>")
                .AddStream("", Encoding.Latin1.GetBytes(Content(pages[i])));
        return this;
    }

    private static string Content(string[] lines) => lines.Length == 0 ? ""
        : "BT /F 11 Tf 14 TL 50 750 Td " + string.Concat(lines.Select(line => $"({line.Replace("(", "\\(").Replace(")", "\\)")}) Tj T* ")) + "ET";

    private PdfBuilder Add(string body)
    {
        _objects.Add(Encoding.Latin1.GetBytes(body));
        return this;
    }

    private PdfBuilder AddStream(string entries, byte[] data)
    {
        _objects.Add([.. Encoding.Latin1.GetBytes($"<< {entries} /Length {data.Length} >>\nstream\n"), .. data, .. "\nendstream"u8]);
        return this;
    }

    private byte[] Build()
    {
        var file = new MemoryStream();
        void Write(string text) => file.Write(Encoding.Latin1.GetBytes(text));
        var offsets = new List<long>();
        Write("%PDF-1.7\n");
        for (var i = 0; i < _objects.Count; i++)
        {
            offsets.Add(file.Position);
            Write($"{i + 1} 0 obj\n");
            file.Write(_objects[i]);
            Write("\nendobj\n");
        }
        var table = file.Position;
        Write($"xref\n0 {offsets.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets) Write(offset.ToString("D10", CultureInfo.InvariantCulture) + " 00000 n \n");
        Write($"trailer\n<< /Size {offsets.Count + 1} /Root 1 0 R {_trailer} >>\nstartxref\n{table}\n%%EOF\n");
        return file.ToArray();
    }

    private static byte[] Rc4(byte[] key, byte[] data)
    {
        var state = Enumerable.Range(0, 256).ToArray();
        for (int i = 0, j = 0; i < 256; i++)
        {
            j = (j + state[i] + key[i % key.Length]) & 255;
            (state[i], state[j]) = (state[j], state[i]);
        }
        var result = new byte[data.Length];
        for (int n = 0, i = 0, j = 0; n < data.Length; n++)
        {
            i = (i + 1) & 255;
            j = (j + state[i]) & 255;
            (state[i], state[j]) = (state[j], state[i]);
            result[n] = (byte)(data[n] ^ state[(state[i] + state[j]) & 255]);
        }
        return result;
    }
}

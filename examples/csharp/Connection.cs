// Where the service is and who asks; without these variables it is the demo.

using System;

static class Connection
{
    public static readonly string Account = Variable("FAX_ACCOUNT", "10001");
    public static readonly string Password = Variable("FAX_PASSWORD", "demo");

    public static IntfXMLWSservice Open()
    {
        return new IntfXMLWSservice { Url = Variable("FAX_ADDRESS", "http://127.0.0.1:8080") + "/xmlws.exe/soap/IntfXMLWS" };
    }

    static string Variable(string name, string otherwise)
    {
        string value = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(value) ? otherwise : value;
    }
}
